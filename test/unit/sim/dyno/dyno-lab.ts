/** A dyno model over the real scheduler with a program of a few lines; tests say what the program does. */

import { HerokuModel } from '../../../../sim/dyno/heroku-dyno.ts'
import { HEROKU_RULES } from '../../../../sim/dyno/heroku-rules.ts'
import type { HerokuRules } from '../../../../sim/dyno/heroku-rules.ts'
import type { DynoContext } from '../../../../sim/dyno/dyno-program.ts'
import type { MemoryUse } from '../../../../sim/dyno/memory-verdict.ts'
import { PrngStreams } from '../../../../sim/world/prng.ts'
import { Scheduler } from '../../../../sim/world/scheduler.ts'
import { Trace } from '../../../../sim/world/trace.ts'
import type { TraceData, TraceEvent } from '../../../../sim/world/trace.ts'

export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const MB = 1_048_576

export interface ProgramHabits {
  /** After the start; undefined: never binds. */
  readonly bindMs?: number | undefined
  /** After SIGTERM; undefined: ignores it. */
  readonly exitMs?: number | undefined
  /** Ends with this status so long after its start. */
  readonly crash?: { readonly afterMs: number; readonly status: number }
}

export interface DynoLab {
  readonly model: HerokuModel
  readonly scheduler: Scheduler
  readonly trace: Trace
  readonly events: TraceEvent[]
  readonly contexts: DynoContext[]
  /** Memory of all boots; tests change it. */
  memory: MemoryUse
  /** What reached the programs, as `web.1#1 SIGTERM`. */
  readonly calls: string[]
  at(atMs: number, action: () => void): void
  kinds(): string[]
  of(kind: string): TraceEvent[]
}

function soundHabits(): ProgramHabits {
  return { bindMs: 100, exitMs: 1_000 }
}

export function dynoLab(
  options: {
    seed?: number
    rules?: Partial<HerokuRules>
    habits?: (bootNumber: number) => ProgramHabits
    hasDailyCycling?: boolean
    maxSkewMs?: number
  } = {},
): DynoLab {
  const scheduler = new Scheduler()
  const trace = new Trace(1_000)
  const events: TraceEvent[] = []
  trace.listen((event) => events.push(event))
  const contexts: DynoContext[] = []
  const calls: string[] = []
  const habitsOf = options.habits ?? soundHabits
  const model = new HerokuModel({
    scheduler,
    trace,
    streams: new PrngStreams(`test/${options.seed ?? 1}`),
    rules: { ...HEROKU_RULES, repeatedSigtermChance: 0, ...options.rules },
    clockErrors: { maxSkewMs: options.maxSkewMs ?? 0, maxDriftPpm: 0 },
    hasDailyCycling: options.hasDailyCycling ?? false,
    program: {
      start(context) {
        contexts.push(context)
        const { bindMs, exitMs, crash } = habitsOf(contexts.length)
        if (bindMs !== undefined) scheduler.schedule('bind', bindMs, () => context.bindPort())
        if (crash !== undefined) {
          scheduler.schedule('crash', crash.afterMs, () => context.exited(crash.status))
        }
        const note = (what: string): void => void calls.push(`${context.dynoId} ${what}`)
        return {
          terminate: () => {
            note('SIGTERM')
            if (exitMs !== undefined) scheduler.schedule('exit', exitMs, () => context.exited(0))
          },
          kill: () => note('SIGKILL'),
          hang: () => note('hang'),
          resume: () => note('resume'),
          memoryBytes: () => lab.memory,
        }
      },
    },
  })
  const lab: DynoLab = {
    model,
    scheduler,
    trace,
    events,
    contexts,
    calls,
    memory: { rssAndSwap: 133 * MB, cache: 0 },
    at: (atMs, action) => void scheduler.schedule('test', atMs, action),
    kinds: () => events.filter((event) => event.kind !== 'dyno.memory').map((event) => event.kind),
    of: (kind) => events.filter((event) => event.kind === kind),
  }
  model.start()
  return lab
}

export function dataOf(event: TraceEvent | undefined): TraceData {
  return event?.data ?? {}
}
