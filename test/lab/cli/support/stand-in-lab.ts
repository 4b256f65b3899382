/** The lab's commands on stand-ins: scenarios named after what their runs do, and a Postgres that only counts. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type {
  Finding,
  KillSweepRequest,
  LabEngine,
  PostgresOptions,
  RunningSweep,
} from '../../../../sim/cli/lab-environment.ts'
import { pointText } from '../../../../sim/kill-sweep/kill-point.ts'
import type { PointOutcome } from '../../../../sim/kill-sweep/point-outcome.ts'
import { Lifetime } from '../../../../sim/cli/lifetime.ts'
import { runLab } from '../../../../sim/cli/run-lab.ts'
import { createTerminal } from '../../../../sim/report/terminal.ts'
import { defineScenario } from '../../../../sim/scenario.ts'
import type { Family, Scenario, VirtualLevel } from '../../../../sim/scenario.ts'

export function scenarioNamed(
  name: string,
  family: Family = 'disconnect-storm',
  level: VirtualLevel = 'model',
): Scenario {
  return defineScenario({
    id: `${family}/${name}`,
    family,
    proves: `what a run called ${name} comes to`,
    durationMs: 3_600_000,
    defaultLevel: level,
    claims: { always: ['single-socket'] },
  })
}

/** The same, with a part for the real level. */
export function scenarioWithRealPart(name: string, durationMs: number): Scenario {
  const { version: _version, ...scenario } = scenarioNamed(name)
  return defineScenario({ ...scenario, real: { durationMs, claims: { always: ['single-socket'] } } })
}

/** Everything that a run can come to, once. */
export const STAND_IN_SCENARIOS: readonly Scenario[] = [
  scenarioNamed('sound'),
  scenarioNamed('broken'),
  scenarioNamed('vacuous', 'postgres'),
  scenarioNamed('lossy', 'postgres'),
  scenarioNamed('random', 'dyno-restart'),
  scenarioNamed('dies', 'dyno-restart'),
  scenarioNamed('endless', 'multi-day'),
  scenarioNamed('on-postgres', '512mb-quota', 'virtual'),
]

export class StandInPostgres {
  readonly started: PostgresOptions[] = []
  readonly dropped: string[] = []
  stopped = 0
  made = 0
  /** Thrown by the next start. */
  failure: Error | undefined

  async start(options: PostgresOptions) {
    this.started.push(options)
    if (this.failure !== undefined) throw this.failure
    return {
      kind: options.kind,
      describe: 'stand-in 18.4',
      createDatabase: async () => {
        const url = `postgres://stand-in/${this.made++}`
        return { url, drop: async () => void this.dropped.push(url) }
      },
      stop: async () => void (this.stopped += 1),
    }
  }
}

export interface LabCall {
  readonly scenarios?: readonly Scenario[]
  readonly workerUrl?: URL
  readonly postgres?: StandInPostgres
  readonly docker?: Finding
  readonly databaseUrl?: string
  readonly directory?: string
  readonly lifetime?: Lifetime
  readonly sweep?: StandInSweep
  readonly loadPerCore?: number
}

/** What the points of a sweep come to, by the beginning of their text; all others hold. */
export type StandInSweep = Readonly<Record<string, Pick<PointOutcome, 'verdict' | 'violations'> | 'fails'>>

export interface LabAnswer {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

const NO_DOCKER: Finding = { subject: 'docker', isUsable: false, detail: 'no Docker engine answers' }

/** `npm run lab -- WORDS`, in this process, on stand-ins. */
export async function lab(words: string, call: LabCall = {}): Promise<LabAnswer> {
  let out = ''
  let err = ''
  const postgres = call.postgres ?? new StandInPostgres()
  const engine: LabEngine = {
    scenarios: call.scenarios ?? STAND_IN_SCENARIOS,
    subsets: { few: ['disconnect-storm/sound'] },
    workerUrl: call.workerUrl ?? new URL('stand-in-worker.ts', import.meta.url),
    loadPerCore: () => call.loadPerCore ?? 0.5,
    startPostgres: (options) => postgres.start(options),
    inspectDocker: () => Promise.resolve(call.docker ?? NO_DOCKER),
    buildBot: () => Promise.resolve(),
    buildBotImage: () => Promise.resolve(),
    checkImage: () => Promise.resolve(),
    createKillSweep: (request) => Promise.resolve(standInSweep(request, call.sweep ?? {})),
  }
  const exitCode = await runLab(
    {
      engine,
      terminal: createTerminal({ write: (text) => (out += text) }, { write: (text) => (err += text) }, {}),
      lifetime: call.lifetime ?? new Lifetime(),
      directory: call.directory ?? temporaryFolder(),
      databaseUrl: call.databaseUrl,
      cores: 2,
    },
    words.split(' ').filter((word) => word !== ''),
  )
  return { exitCode, out, err }
}

function standInSweep(request: KillSweepRequest, comesTo: StandInSweep): RunningSweep {
  return {
    settings: { SEND_GAP_MS: '0' },
    run: async () => {
      for (const point of request.points) {
        const key = Object.keys(comesTo).find((begin) => pointText(point).startsWith(begin)) ?? ''
        const comes = comesTo[key]
        if (comes === 'fails') throw new Error('the stand-in fails')
        const { verdict = 'holds', violations = [] } = comes ?? {}
        request.onOutcome({ point, verdict, violations, recoveredAfterMs: 1_200, tookMs: 1_300 }, [
          'the last line',
        ])
      }
    },
    stop: () => Promise.resolve(),
  }
}

/** Removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lab-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function readJson(path: string): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(path, 'utf8')))
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
