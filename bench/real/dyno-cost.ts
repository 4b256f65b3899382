/**
 * What a simulated dyno costs, on this machine and in a container: from the order to start until the router reaches
 * it, and each look that the simulator takes at its memory.
 */

import { hasImage, inspectContainer } from '../../sim/docker/docker-engine.ts'
import type { Lifetime } from '../../sim/cli/lifetime.ts'
import { DynoTree } from '../../sim/dyno/real/dyno-tree.ts'
import type { DynoProcesses } from '../../sim/dyno/real/dyno-processes.ts'
import { readDynoMemory, residentBytes } from '../../sim/dyno/real/dyno-memory-reading.ts'
import { HerokuSim, PLAIN_DYNO } from '../../sim/dyno/real/heroku-sim.ts'
import { ContainerProcesses } from '../../sim/dyno/real/housing/container-processes.ts'
import type { DynoKind } from '../../sim/dyno/real/housing/dyno-kind.ts'

/** Two processes, as the bot's dyno has. */
const APP = `const { createServer } = require('node:http')
require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => 1, 1e6)'], { stdio: 'ignore' })
createServer((_, response) => response.end()).listen(process.env.PORT)`
const IMAGE = 'blacksky-node:local'
const LOOKS = 200
const SAMPLES = 30
const LIMIT_MS = 60_000

export interface DynoCost {
  readonly bootMs: number
  /** CPU time of a look at the ceiling, ten times a second. */
  readonly lookMs: number
  /** CPU time of the exact figure, every 20 s. */
  readonly sampleMs: number
}

export const ON_THIS_MACHINE: DynoKind = { kind: 'process' }

/** Undefined where no engine holds the image; see sim/dyno/real/image. */
export async function containerKind(): Promise<DynoKind | undefined> {
  return (await hasImage(IMAGE)) ? { kind: 'container', image: IMAGE, mounts: [] } : undefined
}

export async function measureDynoCost(lifetime: Lifetime, dyno: DynoKind): Promise<DynoCost> {
  const sim = createSim(dyno)
  lifetime.own(() => sim.stopNow())
  const startedMs = performance.now()
  await lifetime.unlessInterrupted(sim.start())
  await lifetime.unlessInterrupted(sim.record.until(({ kind }) => kind === 'bound', LIMIT_MS))
  const bootMs = performance.now() - startedMs
  const processes = await processesOf(sim)
  const lookMs = cpuMsOf(LOOKS, () => residentBytes(processes.living()))
  const sampleMs = cpuMsOf(SAMPLES, () => readDynoMemory(processes.living()))
  await sim.stopNow()
  return { bootMs, lookMs, sampleMs }
}

function createSim(dyno: DynoKind): HerokuSim {
  return new HerokuSim({
    ...PLAIN_DYNO,
    command: { text: 'node app', file: 'node', args: ['-e', APP] },
    dyno,
    appFolder: process.cwd(),
    copy: 'none',
    configVars: {},
    seed: 'bench',
    // Only the looks that are measured.
    rules: { ceilingPollMs: 3_600_000, sampleMs: 3_600_000 },
    onLine: ignore,
    onEvent: ignore,
  })
}

async function processesOf(sim: HerokuSim): Promise<DynoProcesses> {
  const started = await sim.record.until(({ kind }) => kind === 'started', LIMIT_MS)
  if (started.kind !== 'started') throw new Error('the dyno has not started')
  const { pid, place } = started
  const container = await inspectContainer(place)
  return container === undefined
    ? new DynoTree({ leaderPid: pid, mark: 'BENCH=0' })
    : new ContainerProcesses(place, container.pid)
}

/** CPU time of one call, ms: on a busy machine the clock would tell what others do. */
function cpuMsOf(times: number, action: () => unknown): number {
  action()
  const before = process.cpuUsage()
  for (let index = 0; index < times; index += 1) action()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000 / times
}

function ignore(): void {
  // What is measured here is told in the end.
}
