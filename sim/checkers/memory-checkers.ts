/**
 * Memory: the thresholds are acted on in time, never below them, and the dyno never reaches twice its quota.
 * The truth is the ledger as Heroku's own sampler sees it every 20 s, not what the bot says of itself.
 */

import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'
import type { CheckerContext } from './checker.ts'

/** The dyno never reaches twice its quota. */
export class NoR15Checker extends Checker {
  constructor() {
    super('no-r15')
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    if (kind === 'dyno.r15') this.broken(atMs, `R15 at ${String(data['memoryMb'])} MB`)
  }
}

interface Crossing {
  readonly sinceMs: number
  isActedOn: boolean
}

/** Memory above its threshold for longer than this without an action breaks the claim. */
export const ACT_WITHIN_MS = 22_000
/** Readings and actions are moments apart, and the ledger moves meanwhile. */
const TOLERANCE_PERCENT = 1

/** Cleanup and emergency begin within one sample of crossing their thresholds, and never below. */
export class MemoryActedOnChecker extends Checker {
  readonly #context: CheckerContext
  readonly #cleanup = new Map<string, Crossing>()
  readonly #emergency = new Map<string, Crossing>()

  constructor(context: CheckerContext) {
    super('memory-acted-on')
    this.#context = context
  }

  observe(event: TraceEvent): void {
    const { kind, data } = event
    if (kind === 'dyno.memory') this.#sampled(event)
    if (kind === 'log.memory.cleanup') this.#acted(event)
    // A process that hangs or starves, or is on its way out, cannot act.
    if (EXCUSES.has(kind)) {
      this.#cleanup.delete(String(data['dynoId']))
      this.#emergency.delete(String(data['dynoId']))
    }
  }

  #sampled({ atMs, data }: TraceEvent): void {
    const { cleanupPercent, emergencyPercent } = this.#context
    const dyno = String(data['dynoId'])
    const percent = Number(data['percent'])
    this.#judge(this.#cleanup, dyno, atMs, percent, cleanupPercent)
    this.#judge(this.#emergency, dyno, atMs, percent, emergencyPercent)
  }

  #judge(crossings: Map<string, Crossing>, dyno: string, atMs: number, percent: number, line: number): void {
    if (percent < line + TOLERANCE_PERCENT) {
      crossings.delete(dyno)
      return
    }
    const crossing = crossings.get(dyno)
    if (crossing === undefined) {
      crossings.set(dyno, { sinceMs: atMs, isActedOn: false })
    } else if (!crossing.isActedOn && atMs - crossing.sinceMs > ACT_WITHIN_MS) {
      crossing.isActedOn = true
      this.broken(atMs, `${dyno} is above ${line} % since ${crossing.sinceMs} ms and nothing was done`)
    }
  }

  #acted({ atMs, data }: TraceEvent): void {
    const dyno = String(data['dynoId'])
    const percent = (Number(data['beforeBytes']) * 100) / this.#context.quotaBytes
    const { cleanupPercent, emergencyPercent } = this.#context
    const line = data['urgency'] === 'emergency' ? emergencyPercent : cleanupPercent
    if (percent < cleanupPercent - TOLERANCE_PERCENT) {
      this.broken(atMs, `cleanup at ${percent.toFixed(1)} %, below the threshold of ${cleanupPercent} %`)
    }
    for (const [crossings, level] of [
      [this.#cleanup, cleanupPercent],
      [this.#emergency, emergencyPercent],
    ] as const) {
      const crossing = crossings.get(dyno)
      if (crossing !== undefined && line >= level) crossing.isActedOn = true
    }
  }
}

const EXCUSES: ReadonlySet<string> = new Set([
  'dyno.hang',
  'dyno.starve',
  'dyno.sigterm',
  'dyno.exited',
  'dyno.sigkill',
])
