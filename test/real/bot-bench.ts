/**
 * The bot as the Procfile starts it, in a simulated Heroku dyno: its Postgres behind the fault proxy, its WhatsApp
 * the fake one, its session linked before the first boot, and people who write to it all the time. Surprising: it
 * runs from the sources, which start slower than the built bot and are otherwise the same.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { HerokuSim, HerokuSimOptions } from '../../sim/dyno/real/heroku-sim.ts'
import { commandOf } from '../../sim/dyno/real/web-command.ts'
import { FaultProxy } from '../../sim/postgres/fault-proxy/fault-proxy.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { Account } from '../../sim/whatsapp/people/account.ts'
import type { BotFixture } from '../support/bot-fixture.ts'
import { COMPILE_CACHE } from '../support/compile-cache.ts'
import { ON_THIS_MACHINE, startSim, texts } from './sim-bench.ts'

const APP = join(import.meta.dirname, '../..')
const MESSAGE_EVERY_MS = 150
const ANSWER_TIMEOUT_MS = 20_000

/** Waits that are minutes in production; leases stay longer than the test, so that none is simply waited out. */
const SHORTENED = {
  SEND_GAP_MS: '0',
  LEASE_POLL_INTERVAL_MS: '250',
  RECONNECT_BACKOFF_BASE_MS: '500',
  RECONNECT_BACKOFF_CAP_MS: '1000',
}

export interface BotOnDyno {
  readonly sim: HerokuSim
  readonly whatsapp: FakeWhatsApp
  readonly account: Account
  readonly database: FaultProxy
  /** With which it was booted. */
  readonly configVars: Readonly<Record<string, string>>
}

/** Boots it; resolves when it has answered its first message. */
export async function startBotOnDyno(
  fixture: BotFixture,
  options: Partial<Pick<HerokuSimOptions, 'rules' | 'configVars' | 'dyno' | 'command'>> = {},
): Promise<BotOnDyno> {
  const { whatsapp, sessionId } = fixture
  const database = new FaultProxy({ upstreamUrl: fixture.databaseUrl, port: 0, tls: 'refuse', seed: 'test' })
  await database.start()
  onTestFinished(() => database.stop())
  const account = whatsapp.addAccount()
  await fixture.link(account)
  const configVars = {
    DATABASE_URL: database.url,
    WHATSAPP_URL: whatsapp.url,
    SESSION_ID: sessionId,
    ...COMPILE_CACHE,
    ...SHORTENED,
    ...options.configVars,
  }
  const sim = await startSim('serve', {
    command: options.command ?? productionCommand(),
    dyno: options.dyno ?? ON_THIS_MACHINE,
    appFolder: APP,
    copy: 'none',
    rules: { terminationMs: 30_000, bootLimitMs: 60_000, ...options.rules },
    configVars,
  })
  const first = whatsapp.addContact()
  await first.say('.ping first', { to: account })
  await first.inbox.waitFor('pong first', { timeoutMs: ANSWER_TIMEOUT_MS })
  return { sim, whatsapp, account, database, configVars }
}

/** A person and a group in turn, one command after the other, while `trouble` is under way. */
export async function answersDuring(
  { whatsapp, account }: BotOnDyno,
  trouble: () => Promise<unknown>,
): Promise<{ readonly asked: readonly string[]; readonly answered: readonly string[] }> {
  const anna = whatsapp.addContact()
  const friends = whatsapp.addGroup({ subject: 'Friends', participants: [anna, account] })
  const asked: string[] = []
  const say = async (): Promise<void> => {
    const number = asked.length
    asked.push(`pong ${number}`)
    await anna.say(`.ping ${number}`, { to: number % 2 === 0 ? account : friends })
  }
  const progress = { isOver: false }
  const over = trouble().finally(() => (progress.isOver = true))
  // Awaited below; a failure meanwhile must not count as nobody's.
  over.catch(() => undefined)
  while (!progress.isOver) {
    await say()
    await delay(MESSAGE_EVERY_MS)
  }
  await over
  await say()
  await say()
  for (const answer of asked) await anna.inbox.waitFor(answer, { timeoutMs: ANSWER_TIMEOUT_MS })
  return { asked: asked.toSorted(), answered: anna.inbox.messages.map(({ text }) => text ?? '').toSorted() }
}

/** The most connections that were logged in at the same moment. */
export function mostLoggedIn(whatsapp: FakeWhatsApp): number {
  const moves = whatsapp.truth().connections.flatMap(({ loggedInAtMs, closedAtMs }) =>
    loggedInAtMs === undefined
      ? []
      : [
          { atMs: loggedInAtMs, by: 1 },
          { atMs: closedAtMs ?? Infinity, by: -1 },
        ],
  )
  let now = 0
  let most = 0
  // Within one millisecond the end comes first.
  for (const { by } of moves.toSorted((one, other) => one.atMs - other.atMs || one.by - other.by)) {
    now += by
    most = Math.max(most, now)
  }
  return most
}

/** The bot's log lines with this event. */
export function logged(sim: HerokuSim, event: string): string[] {
  return texts(sim).filter((line) => line.includes(`"${event}"`))
}

/** The Procfile's own options, over the source of what it names. */
function productionCommand(): NonNullable<ReturnType<typeof commandOf>> {
  const line = /^web: (.+)$/m.exec(readFileSync(join(APP, 'Procfile'), 'utf8'))?.[1]
  const command = commandOf([line?.replace('dist/main.js', 'src/main.ts') ?? ''])
  if (command === undefined || !command.text.includes('src/main.ts')) throw new Error('the Procfile changed')
  return command
}
