/**
 * Memory: the thresholds are acted on in time, never below them, and the dyno never reaches twice its quota.
 * The truth is the ledger as Heroku's own sampler sees it every 20 s, not what the bot says of itself.
 */

import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'
import type { CheckerContext } from './checker.ts'

/** The dyno never reaches twice its quota. */
export class NoR15Checker extends Checker {
  constructor() {
    super('no-r15')
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    if (kind === 'dyno.r15') this.broken(atMs, `R15 at ${textOf(data, 'memoryMb')} MB`)
  }
}

/** One threshold of one dyno. */
interface Line {
  /** When Heroku's sampler first saw memory above it; undefined while below. */
  aboveSinceMs: number | undefined
  actedAtMs: number
}

/** Memory above its threshold for longer than this without an action breaks the claim. */
export const ACT_WITHIN_MS = 22_000
/** The bot acts exactly at the line, a moment before the crossing is beyond doubt here. */
const ACTED_BEFORE_MS = 120_000
/** Readings and actions are moments apart, and the ledger moves meanwhile. */
const TOLERANCE_PERCENT = 1

/** Cleanup and emergency begin within one sample of crossing their thresholds, and never below. */
export class MemoryActedOnChecker extends Checker {
  readonly #context: CheckerContext
  /** Until when a dyno hangs or starves, and cannot act. */
  readonly #excusedUntilMs = new Map<string, number>()
  /** By `<dyno> <percent>`. */
  readonly #lines = new Map<string, Line>()

  constructor(context: CheckerContext) {
    super('memory-acted-on')
    this.#context = context
  }

  observe(event: TraceEvent): void {
    const { kind, data } = event
    if (kind === 'dyno.memory') this.#sampled(event)
    else if (kind === 'log.memory.cleanup') this.#acted(event)
    else if (EXCUSES.has(kind)) {
      if (typeof data['forMs'] === 'number') {
        this.#excusedUntilMs.set(textOf(data, 'dynoId'), event.atMs + data['forMs'])
      }
      // A process that hangs, starves or is on its way out cannot act.
      for (const percent of this.#thresholds()) this.#lines.delete(`${textOf(data, 'dynoId')} ${percent}`)
    }
  }

  #sampled({ atMs, data }: TraceEvent): void {
    const dyno = textOf(data, 'dynoId')
    for (const threshold of this.#thresholds()) {
      const line = this.#line(dyno, threshold)
      if (atMs < (this.#excusedUntilMs.get(dyno) ?? 0)) line.aboveSinceMs = undefined
      else if (Number(data['percent']) < threshold + TOLERANCE_PERCENT) line.aboveSinceMs = undefined
      else line.aboveSinceMs ??= atMs
      const { aboveSinceMs, actedAtMs } = line
      if (aboveSinceMs === undefined || actedAtMs >= aboveSinceMs - ACTED_BEFORE_MS) continue
      if (atMs - aboveSinceMs > ACT_WITHIN_MS) {
        line.actedAtMs = atMs
        this.broken(atMs, `${dyno} is above ${threshold} % since ${aboveSinceMs} ms and nothing was done`)
      }
    }
  }

  #acted({ atMs, data }: TraceEvent): void {
    const { quotaBytes, cleanupPercent, emergencyPercent } = this.#context
    const percent = (Number(data['beforeBytes']) * 100) / quotaBytes
    if (percent < cleanupPercent - TOLERANCE_PERCENT) {
      this.broken(atMs, `cleanup at ${percent.toFixed(1)} %, below the threshold of ${cleanupPercent} %`)
    }
    const dyno = textOf(data, 'dynoId')
    this.#line(dyno, cleanupPercent).actedAtMs = atMs
    if (data['urgency'] === 'emergency') this.#line(dyno, emergencyPercent).actedAtMs = atMs
  }

  #thresholds(): readonly number[] {
    return [this.#context.cleanupPercent, this.#context.emergencyPercent]
  }

  #line(dyno: string, threshold: number): Line {
    const key = `${dyno} ${threshold}`
    const known = this.#lines.get(key)
    if (known !== undefined) return known
    const created = { aboveSinceMs: undefined, actedAtMs: -Infinity }
    this.#lines.set(key, created)
    return created
  }
}

const EXCUSES: ReadonlySet<string> = new Set([
  'dyno.hang',
  'dyno.starve',
  'dyno.sigterm',
  'dyno.exited',
  'dyno.sigkill',
])
