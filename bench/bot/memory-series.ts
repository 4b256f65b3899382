/**
 * Records the memory of production dynos over real time: one at rest, one under light traffic, and two that leak at
 * a known rate. The series tell how much noise a slope has to be found in; sim/assertions judges them. Surprising:
 * RssAnon, not Pss, is the quiet measure, because Pss changes with every other Node process on the machine.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { BalloonHub } from '../../sim/balloon/agent/balloon-hub.ts'
import type { LabEnvironment } from '../../sim/cli/lab-environment.ts'
import { openPostgres } from '../../sim/cli/workshop.ts'
import { freePort } from '../../sim/dyno/real/listening-port.ts'
import { storeLinkedSession } from '../../sim/postgres/linked-session.ts'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import { migrateDatabase } from '../../src/adapters/postgres-migrate.ts'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { dynoUsage, statusMemory } from '../../src/memory/dyno-memory.ts'
import type { Logger } from '../../src/ports/logger.ts'
import { BotDyno } from './bot-dyno.ts'

/** Whole kB, in the order of time. */
export interface MemorySeries {
  readonly name: string
  readonly messageEveryMs: number | undefined
  readonly leakMbPerHour: number
  readonly stepMs: number
  readonly pssKb: number[]
  readonly rssKb: number[]
  readonly anonKb: number[]
  /** Every so many samples, garbage was collected in each process just before; 0: never. */
  readonly collectEvery: number
  /** After each collection: what V8 holds for JavaScript, its heap and what that keeps outside of it. */
  readonly liveKb: number[]
}

export interface MemorySeriesOptions {
  /** The project's folder, built. */
  readonly folder: string
  readonly minutes: number
  /** Called after each sample with all series so far. */
  readonly onSample: (series: readonly MemorySeries[]) => void
}

const COLLECT_EVERY = 6
const DYNOS = [
  { name: 'idle', messageEveryMs: undefined, leakMbPerHour: 0, collectEvery: COLLECT_EVERY },
  { name: 'light-traffic', messageEveryMs: 10_000, leakMbPerHour: 0, collectEvery: COLLECT_EVERY },
  { name: 'leak-2', messageEveryMs: 10_000, leakMbPerHour: 2, collectEvery: COLLECT_EVERY },
] as const
const STEP_MS = 20_000
const MB_BYTES = 1_048_576
const HOUR_MS = 3_600_000
const AGENT_LIMIT_MS = 30_000

interface Subject {
  readonly dyno: BotDyno
  readonly series: MemorySeries
  readonly say: (text: string) => Promise<unknown>
  readonly hold: ((bytes: number) => Promise<unknown>) | undefined
  readonly hub: BalloonHub | undefined
}

export async function recordMemorySeries(
  environment: LabEnvironment,
  { folder, minutes, onSample }: MemorySeriesOptions,
): Promise<readonly MemorySeries[]> {
  const { lifetime } = environment
  const postgres = await openPostgres(environment, 'embedded')
  const whatsapp = await startFakeWhatsApp()
  lifetime.own(() => whatsapp.close())
  const subjects: Subject[] = []
  for (const settings of DYNOS) {
    const { url: databaseUrl } = await postgres.createDatabase()
    subjects.push(await startSubject(environment, { folder, databaseUrl, whatsapp, settings }))
  }
  const startedMs = performance.now()
  for (let step = 0; step * STEP_MS < minutes * 60_000; step += 1) {
    const talk = subjects.map((subject) => playStep(subject, startedMs, step))
    await lifetime.unlessInterrupted(Promise.all(talk))
    for (const { dyno, series } of subjects) addSample(series, dyno)
    onSample(subjects.map(({ series }) => series))
  }
  return subjects.map(({ series }) => series)
}

/** Messages and leak until the time of the sample that ends this step. */
async function playStep({ series, say, hold, hub }: Subject, startedMs: number, step: number): Promise<void> {
  const endMs = startedMs + (step + 1) * STEP_MS
  const everyMs = series.messageEveryMs ?? Infinity
  for (let atMs = startedMs + step * STEP_MS; atMs < endMs; atMs += everyMs) {
    await sleep(Math.max(0, Math.min(atMs, endMs) - performance.now()))
    if (everyMs !== Infinity) await say(`.ping ${Math.round(atMs)}`)
  }
  const elapsedHours = (performance.now() - startedMs) / HOUR_MS
  await hold?.(Math.round(series.leakMbPerHour * MB_BYTES * elapsedHours))
  if (series.collectEvery > 0 && (step + 1) % series.collectEvery === 0) {
    await sleep(Math.max(0, endMs - 500 - performance.now()))
    const reports = await Promise.all((hub?.agents() ?? []).map((agent) => agent.collect()))
    const live = reports.map(({ memory }) => memory.heapUsed + memory.external)
    series.liveKb.push(wholeKb(live.reduce((sum, bytes) => sum + bytes, 0)))
  }
  await sleep(Math.max(0, endMs - performance.now()))
}

function addSample(series: MemorySeries, dyno: BotDyno): void {
  const texts = dyno.processTexts()
  const statuses = texts.flatMap(({ status }) => (status === undefined ? [] : (statusMemory(status) ?? [])))
  series.pssKb.push(wholeKb(dynoUsage(texts)?.usedBytes ?? 0))
  series.rssKb.push(wholeKb(statuses.reduce((sum, each) => sum + each.rssBytes + each.swapBytes, 0)))
  series.anonKb.push(
    wholeKb(statuses.reduce((sum, each) => sum + (each.parts?.anonBytes ?? 0) + each.swapBytes, 0)),
  )
}

function wholeKb(bytes: number): number {
  return Math.round(bytes / 1024)
}

async function startSubject(
  { lifetime }: LabEnvironment,
  given: {
    readonly folder: string
    readonly databaseUrl: string
    readonly whatsapp: FakeWhatsApp
    readonly settings: (typeof DYNOS)[number]
  },
): Promise<Subject> {
  const { folder, databaseUrl, whatsapp, settings } = given
  await migrate(databaseUrl)
  const account = whatsapp.addAccount({ name: settings.name })
  const anna = whatsapp.addContact({ name: `Anna of ${settings.name}` })
  await storeLinkedSession(
    { databaseUrl, sessionId: 'default', logger: SILENT },
    account.linkedDevice().creds,
  )
  const hub = settings.leakMbPerHour > 0 || settings.collectEvery > 0 ? new BalloonHub() : undefined
  await hub?.start()
  lifetime.own(async () => hub?.stop())
  const dyno = new BotDyno({
    folder,
    databaseUrl,
    whatsappUrl: whatsapp.url,
    port: await freePort(),
    ...(hub === undefined ? {} : { environment: hub.environment() }),
  })
  lifetime.own(async () => dyno.dispose())
  await dyno.openAfterMs(1)
  const agent = await hub?.find(({ hello }) => hello.argv.join(' ').includes('bot-main'), AGENT_LIMIT_MS)
  return {
    dyno,
    series: { ...settings, stepMs: STEP_MS, pssKb: [], rssKb: [], anonKb: [], liveKb: [] },
    say: (text) => anna.say(text, { to: account }),
    hub,
    hold:
      agent === undefined || settings.leakMbPerHour === 0 ? undefined : (bytes) => agent.hold('heap', bytes),
  }
}

async function migrate(databaseUrl: string): Promise<void> {
  const pool = createPool({
    databaseUrl,
    maxConnections: 1,
    ssl: 'auto',
    applicationName: 'bench',
    logger: SILENT,
  })
  try {
    await migrateDatabase({ pool, logger: SILENT })
  } finally {
    await pool.end()
  }
}

const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
