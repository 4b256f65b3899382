/**
 * What Postgres does to the whole bot in its dyno: plans that ran full, servers without a free place, failovers, and
 * a real server that goes down hard or in order and comes back. Everybody is answered once, and no QR is needed.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { inspectDocker } from '../../sim/postgres/container.ts'
import type { ProxyFault } from '../../sim/postgres/fault-proxy/proxy-fault.ts'
import { storeLinkedSession } from '../../sim/postgres/linked-session.ts'
import { startPostgres } from '../../sim/postgres/provider.ts'
import type { PostgresServer } from '../../sim/postgres/postgres-server.ts'
import { botFixture } from '../support/bot-fixture.ts'
import type { BotFixture } from '../support/bot-fixture.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { answersDuring, logged, mostLoggedIn, startBotOnDyno } from './bot-bench.ts'
import type { BotOnDyno } from './bot-bench.ts'
import { up } from './sim-bench.ts'

const TIMEOUT_MS = 90_000
const TROUBLE_MS = 1_500

async function expectAllAnswered(bot: BotOnDyno, trouble: () => Promise<unknown>): Promise<void> {
  const { asked, answered } = await answersDuring(bot, trouble)
  expect(answered).toEqual(asked)
  expect(logged(bot.sim, 'pairing.wanted')).toEqual([])
  expect(mostLoggedIn(bot.whatsapp)).toBe(1)
  expect(bot.whatsapp.truth()).toMatchObject({ unhealedFailures: 0, keyReuses: [] })
}

function boots({ sim }: BotOnDyno): number {
  return sim.record.events.filter(({ kind }) => kind === 'started').length
}

describe('the bot on a Postgres', () => {
  const fixtureOf = botFixture()

  it.each<[string, readonly ProxyFault[]]>([
    ['that takes no writes (25006)', [{ kind: 'read-only' }]],
    ['without a free place (53300)', [{ kind: 'connection-cap', maxConnections: 0 }, { kind: 'reset' }]],
    ['that has lost its connections without a word', [{ kind: 'half-open' }]],
  ])(
    '%s keeps what it was told, in one process',
    async (_, faults) => {
      const bot = await startBotOnDyno(await fixtureOf())
      await expectAllAnswered(bot, async () => {
        const handles = await Promise.all(faults.map((fault) => bot.database.inject(fault)))
        await delay(TROUBLE_MS)
        for (const { strikes } of handles) expect(strikes).toBeGreaterThan(0)
        await bot.database.liftAll()
      })
      expect(boots(bot)).toBe(1)
      expect(logged(bot.sim, 'supervisor.bot-started')).toHaveLength(1)
    },
    TIMEOUT_MS,
  )

  it(
    'that fails over to another address goes on when Heroku has told it the new one by a restart',
    async () => {
      const fixture = await fixtureOf()
      // The old dyno cannot give its lease back, so the new one waits until it has run out.
      const bot = await startBotOnDyno(fixture, {
        configVars: { LEASE_DURATION_MS: '3000', LEASE_RENEW_INTERVAL_MS: '750', LEASE_MARGIN_MS: '750' },
      })
      await expectAllAnswered(bot, async () => {
        await bot.database.failOver({ upstreamUrl: fixture.databaseUrl, address: 'changed' })
        await delay(TROUBLE_MS)
        bot.sim.deploy({ configVars: { ...bot.configVars, DATABASE_URL: bot.database.url } })
        await up(bot.sim, 2)
      })
      expect(boots(bot)).toBe(2)
    },
    TIMEOUT_MS,
  )
})

/** The fixture on a server of its own, which can be taken down. */
async function onOwnServer(
  fixture: BotFixture,
  kind: 'embedded' | 'container',
): Promise<{ readonly fixture: BotFixture; readonly server: PostgresServer }> {
  const server = await startPostgres({ kind, say: () => undefined })
  onTestFinished(() => server.stop())
  const { url: databaseUrl } = await server.createDatabase()
  const { sessionId } = fixture
  const link: BotFixture['link'] = (account, options) =>
    storeLinkedSession(
      { databaseUrl, sessionId, logger: new RecordingLogger() },
      account.linkedDevice(options).creds,
    )
  return { fixture: { ...fixture, databaseUrl, link }, server }
}

/** Behind the proxy, which keeps the address while the server's own changes. */
async function restart(bot: BotOnDyno, server: PostgresServer, databaseUrl: string, how: 'kill' | 'stop') {
  await server.faults?.goDown(how)
  await delay(TROUBLE_MS)
  const upstream = new URL(databaseUrl)
  upstream.port = new URL((await server.faults?.comeBack()) ?? '').port
  await bot.database.failOver({ upstreamUrl: upstream.href, address: 'kept' })
}

const servers = [
  { kind: 'embedded', isHere: true },
  {
    kind: 'container',
    isHere: process.env['TEST_POSTGRES'] === 'container' || (await inspectDocker()).isUsable,
  },
] as const

for (const { kind, isHere } of servers) {
  describe.runIf(isHere)(`the bot on a real server (${kind})`, () => {
    const fixtureOf = botFixture()

    it(
      'that is killed, and later stopped in order, keeps what it was told, in one process',
      async () => {
        const { fixture, server } = await onOwnServer(await fixtureOf(), kind)
        const bot = await startBotOnDyno(fixture)
        await expectAllAnswered(bot, async () => {
          await restart(bot, server, fixture.databaseUrl, 'kill')
          await delay(500)
          await restart(bot, server, fixture.databaseUrl, 'stop')
        })
        expect(boots(bot)).toBe(1)
        expect(logged(bot.sim, 'supervisor.bot-started')).toHaveLength(1)
      },
      TIMEOUT_MS,
    )
  })
}
