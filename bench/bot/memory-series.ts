/**
 * Records the memory of production dynos over real time: at rest, under traffic, and with a leak of a known rate, each
 * minute before a collection and after it. The series tell in how much noise a slope has to be found.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { BalloonHub } from '../../sim/balloon/agent/balloon-hub.ts'
import type { LabEnvironment } from '../../sim/cli/lab-environment.ts'
import { openPostgres } from '../../sim/cli/workshop.ts'
import { CollectedMemory } from '../../sim/real/collected-memory.ts'
import { freePort } from '../../sim/free-port.ts'
import { storeLinkedSession } from '../../sim/postgres/linked-session.ts'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import { dynoUsage, statusMemory } from '../../src/memory/dyno-memory.ts'
import { SILENT_LOGGER } from '../../src/ports/silent-logger.ts'
import { BotDyno } from './bot-dyno.ts'

/** Bytes, one value every `everyMs`, in the order of time. */
export interface MemorySeries {
  readonly name: string
  /** Undefined: nobody says anything. */
  readonly messageEveryMs: number | undefined
  readonly leakMbPerHour: number
  readonly everyMs: number
  /** Before each collection, as the quota counts and anonymous memory alone. */
  readonly usedBytes: number[]
  readonly anonBytes: number[]
  /** After it, as CollectedMemory measures. */
  readonly leftAnonBytes: number[]
  readonly leftLiveBytes: number[]
}

export interface MemorySeriesOptions {
  /** The project's folder, built. */
  readonly folder: string
  readonly minutes: number
  /** Called after each sample with all series so far. */
  readonly onSample: (series: readonly MemorySeries[]) => void
}

const DYNOS = [
  { name: 'idle', messageEveryMs: undefined, leakMbPerHour: 0 },
  { name: 'traffic', messageEveryMs: 1_000, leakMbPerHour: 0 },
  { name: 'leak', messageEveryMs: 1_000, leakMbPerHour: 2 },
] as const
const STEP_MS = 60_000
const MB_BYTES = 1_048_576
const HOUR_MS = 3_600_000
const AGENT_LIMIT_MS = 30_000

interface Subject {
  readonly dyno: BotDyno
  readonly series: MemorySeries
  readonly say: (text: string) => Promise<unknown>
  readonly leak: (bytes: number) => Promise<unknown>
  readonly memory: CollectedMemory
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
    onSample(subjects.map(({ series }) => series))
  }
  return subjects.map(({ series }) => series)
}

/** Messages and leak for a minute, and the sample at its end. */
async function playStep(subject: Subject, startedMs: number, step: number): Promise<void> {
  const { series, say, leak } = subject
  const endMs = startedMs + (step + 1) * STEP_MS
  const everyMs = series.messageEveryMs ?? STEP_MS
  for (let atMs = startedMs + step * STEP_MS; atMs < endMs - everyMs / 2; atMs += everyMs) {
    await sleep(Math.max(0, atMs - performance.now()))
    if (series.messageEveryMs !== undefined) await say(`.ping ${Math.round(atMs)}`)
  }
  await sleep(Math.max(0, endMs - performance.now()))
  const elapsedHours = (performance.now() - startedMs) / HOUR_MS
  if (series.leakMbPerHour > 0) await leak(Math.round(series.leakMbPerHour * MB_BYTES * elapsedHours))
  await addSample(subject)
}

async function addSample({ series, dyno, memory }: Subject): Promise<void> {
  const texts = dyno.processTexts()
  const statuses = texts.flatMap(({ status }) => (status === undefined ? [] : (statusMemory(status) ?? [])))
  series.usedBytes.push(dynoUsage(texts)?.usedBytes ?? 0)
  series.anonBytes.push(
    statuses.reduce((sum, each) => sum + (each.parts?.anonBytes ?? 0) + each.swapBytes, 0),
  )
  await memory.collect()
  const left = memory.samples.at(-1)
  series.leftAnonBytes.push(left?.anonBytes ?? 0)
  series.leftLiveBytes.push(left?.liveBytes ?? 0)
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
  const account = whatsapp.addAccount({ name: settings.name })
  const anna = whatsapp.addContact({ name: `Anna of ${settings.name}` })
  await storeLinkedSession(
    { databaseUrl, sessionId: 'default', logger: SILENT_LOGGER },
    account.linkedDevice().creds,
  )
  const hub = new BalloonHub()
  await hub.start()
  lifetime.own(() => hub.stop())
  const dyno = new BotDyno({
    folder,
    databaseUrl,
    whatsappUrl: whatsapp.url,
    port: await freePort(),
    environment: hub.environment(),
  })
  lifetime.own(async () => dyno.dispose())
  await dyno.openAfterMs(1)
  const agent = await hub.find(({ hello }) => hello.argv.join(' ').includes('bot-main'), AGENT_LIMIT_MS)
  return {
    dyno,
    memory: new CollectedMemory({ hub, nowMs: () => Math.round(performance.now()) }),
    series: {
      ...settings,
      everyMs: STEP_MS,
      usedBytes: [],
      anonBytes: [],
      leftAnonBytes: [],
      leftLiveBytes: [],
    },
    say: (text) => anna.say(text, { to: account }),
    leak: (bytes) => agent.hold('heap', bytes),
  }
}
