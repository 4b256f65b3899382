/**
 * What the bot costs and how quick it is, measured on the compiled dyno from outside: memory, start, a fresh bot
 * process, stop, and memory under load. Each round boots a dyno again on one session, as Heroku's restarts do, and has
 * a session of its own: one that is restarted without end is refused further attempts to connect.
 */

import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LabEnvironment } from '../../sim/cli/lab-environment.ts'
import { openPostgres } from '../../sim/cli/workshop.ts'
import { freePort } from '../../sim/free-port.ts'
import { storeLinkedSession } from '../../sim/postgres/linked-session.ts'
import { FaultProxy } from '../../sim/postgres/fault-proxy/fault-proxy.ts'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import { SILENT_LOGGER } from '../../src/ports/silent-logger.ts'
import type { Figure } from '../figure.ts'
import { BotDyno } from './bot-dyno.ts'
import { measureLoad } from './load.ts'
import type { LoadOptions } from './load.ts'

/** Start-up garbage is gone by then, and nothing waits. */
const SETTLED_MS = 15_000
const MESSAGES_IN_HANDLING = 20

interface Ground {
  readonly folder: string
  readonly whatsapp: FakeWhatsApp
  readonly proxy: FaultProxy
  readonly databaseUrl: string
}

interface Stage extends Ground {
  readonly sessionId: string
  /** The bot's own. */
  readonly account: ReturnType<FakeWhatsApp['addAccount']>
  /** One message to the bot, which it answers. */
  readonly say: (text: string) => Promise<unknown>
}

type Round = Readonly<Record<(typeof FIGURES)[number]['name'], number>>

/** Goals are upper bounds. */
const FIGURES = [
  { name: 'supervisor, private', unit: 'MB', goal: 30 },
  { name: 'dyno idle and connected, Pss', unit: 'MB', goal: 150 },
  { name: 'dyno idle and connected, RSS summed', unit: 'MB', goal: undefined },
  { name: 'start to /health answering', unit: 'ms', goal: 300 },
  { name: 'start to /health answering, CPU time', unit: 'ms', goal: undefined },
  { name: 'start to WhatsApp open', unit: 'ms', goal: 1_500 },
  { name: 'fresh bot process: without connection', unit: 'ms', goal: 2_000 },
  { name: 'fresh bot process: Pss after / before', unit: '×', goal: undefined },
  { name: 'SIGTERM to exit, idle', unit: 'ms', goal: 3_000 },
  { name: 'SIGTERM to exit, database hanging under traffic', unit: 'ms', goal: 20_000 },
] as const

export async function measureBot(
  environment: LabEnvironment,
  options: { readonly rounds: number; readonly folder: string; readonly load: LoadOptions },
  say: (line: string) => void,
): Promise<readonly Figure[]> {
  const { lifetime } = environment
  const { rounds, folder, load } = options
  buildBot(folder)
  const ground = await openGround(environment, folder)
  const measured: Round[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const stage = await openStage(ground, `round-${round}`)
    measured.push(await lifetime.unlessInterrupted(playRound(environment, stage)))
    say(`round ${round} of ${rounds}`)
  }
  say(`load: ${load.perSecond} messages a second of ${load.contacts} contacts for ${load.minutes} min`)
  const stage = await openStage(ground, 'load')
  const dyno = await boot(environment, stage)
  await dyno.openAfterMs(1)
  await sleep(SETTLED_MS)
  const loaded = await lifetime.unlessInterrupted(measureLoad(dyno, stage, load, say))
  await dyno.stopAfterMs()
  const figures = FIGURES.map(({ name, unit, goal }) => ({
    name,
    unit,
    goal,
    isGoalAtMost: true,
    rounds: measured.map((round) => round[name]),
  }))
  return [...figures, ...loaded]
}

async function playRound(environment: LabEnvironment, stage: Stage): Promise<Round> {
  const dyno = await boot(environment, stage)
  const healthMs = await dyno.healthAfterMs()
  const healthCpuMs = dyno.supervisorCpuMs()
  const openMs = await dyno.openAfterMs(1)
  await stage.say('.ping idle')
  await sleep(SETTLED_MS)
  const use = dyno.use()
  dyno.endBot()
  await dyno.openAfterMs(2)
  const gapMs = lastGapMs(stage.whatsapp)
  await sleep(SETTLED_MS)
  const after = dyno.use()
  const idleStopMs = await dyno.stopAfterMs()
  return {
    'supervisor, private': use.supervisorPrivateMb,
    'dyno idle and connected, Pss': use.dynoPssMb,
    'dyno idle and connected, RSS summed': use.dynoRssMb,
    'start to /health answering': healthMs,
    'start to /health answering, CPU time': healthCpuMs,
    'start to WhatsApp open': openMs,
    'fresh bot process: without connection': gapMs,
    'fresh bot process: Pss after / before': after.dynoPssMb / use.dynoPssMb,
    'SIGTERM to exit, idle': idleStopMs,
    'SIGTERM to exit, database hanging under traffic': await stopWhileHanging(environment, stage),
  }
}

/** The worst that the database can do to a stop: it takes everything and answers nothing. */
async function stopWhileHanging(environment: LabEnvironment, stage: Stage): Promise<number> {
  const dyno = await boot(environment, stage)
  await dyno.openAfterMs(1)
  const hanging = await stage.proxy.inject({ kind: 'black-hole' })
  try {
    for (let index = 0; index < MESSAGES_IN_HANDLING; index += 1) await stage.say(`.ping ${index}`)
    return await dyno.stopAfterMs()
  } finally {
    await hanging.lift()
    await outliveTheLease(environment, stage)
  }
}

/** A lease that could not be given back runs out, as after a crash; the next round begins with a free one. */
async function outliveTheLease(environment: LabEnvironment, stage: Stage): Promise<void> {
  const dyno = await boot(environment, stage)
  await dyno.openAfterMs(1)
  await dyno.stopAfterMs()
}

async function boot({ lifetime }: LabEnvironment, stage: Stage): Promise<BotDyno> {
  const dyno = new BotDyno({
    folder: stage.folder,
    databaseUrl: stage.proxy.url,
    whatsappUrl: stage.whatsapp.url,
    sessionId: stage.sessionId,
    port: await freePort(),
  })
  lifetime.own(async () => dyno.dispose())
  return dyno
}

/** From the end of the connection before the newest one to the newest one's login, ms. */
function lastGapMs(whatsapp: FakeWhatsApp): number {
  const logins = whatsapp.truth().connections.filter(({ loggedInAtMs }) => loggedInAtMs !== undefined)
  const [before, newest] = logins.slice(-2)
  return (newest?.loggedInAtMs ?? Number.NaN) - (before?.closedAtMs ?? Number.NaN)
}

async function openGround(environment: LabEnvironment, folder: string): Promise<Ground> {
  const { lifetime } = environment
  const postgres = await openPostgres(environment, 'embedded')
  const { url: databaseUrl } = await postgres.createDatabase()
  const whatsapp = await startFakeWhatsApp()
  lifetime.own(() => whatsapp.close())
  const proxy = new FaultProxy({ upstreamUrl: databaseUrl, port: 0, tls: 'refuse', seed: 'bench' })
  await proxy.start()
  lifetime.own(() => proxy.stop())
  return { folder, whatsapp, proxy, databaseUrl }
}

/** A linked bot that has never connected, and somebody to write to it. */
async function openStage(ground: Ground, sessionId: string): Promise<Stage> {
  const account = ground.whatsapp.addAccount()
  const anna = ground.whatsapp.addContact()
  const { creds } = account.linkedDevice()
  await storeLinkedSession({ databaseUrl: ground.databaseUrl, sessionId, logger: SILENT_LOGGER }, creds)
  return { ...ground, sessionId, account, say: (text) => anna.say(text, { to: account }) }
}

export function buildBot(folder: string): void {
  const { status } = spawnSync('npm', ['run', 'build:bot'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) throw new Error(`npm run build:bot ended with ${status ?? 'a signal'}`)
}
