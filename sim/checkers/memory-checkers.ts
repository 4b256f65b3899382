/**
 * Memory: the thresholds are acted on in time, never below them, and the dyno never reaches twice its quota.
 * The truth is the ledger as Heroku's own sampler sees it every 20 s; what counts as acting is a garbage
 * collection or a cache given up, never what the bot says of itself.
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

/** One threshold of one dyno; it is left only well below, so that usage around the line does not flap. */
interface Line {
  /** When Heroku's sampler first saw memory beyond doubt above it; undefined while it is not. */
  aboveSinceMs: number | undefined
  /** Something was done since memory came up to it. */
  hasActed: boolean
}

/** Memory above its threshold for longer than this without an action breaks the claim. */
export const ACT_WITHIN_MS = 22_000
/** Readings and actions are moments apart, and the ledger moves meanwhile. */
const TOLERANCE_PERCENT = 1
/** So far below its threshold a line is left, in points; the bot may count one less. */
const LEFT_BELOW_PERCENT = 6
/** One cleanup takes several steps, and its first ones bring memory down. */
const CLEANUP_MS = 30_000

/** Cleanup and emergency begin within one sample of crossing their thresholds, and never below. */
export class MemoryActedOnChecker extends Checker {
  readonly #context: CheckerContext
  /** Until when a dyno hangs or starves, and cannot act. */
  readonly #excusedUntilMs = new Map<string, number>()
  /** When a cleanup last began above its threshold, by dyno. */
  readonly #cleanupAtMs = new Map<string, number>()
  /** By `<dyno> <percent>`. */
  readonly #lines = new Map<string, Line>()

  constructor(context: CheckerContext) {
    super('memory-acted-on')
    this.#context = context
  }

  observe(event: TraceEvent): void {
    const { kind, data } = event
    if (kind === 'dyno.memory') this.#sampled(event)
    else if (kind === 'memory.reclaim') this.#acted(event)
    else if (EXCUSES.has(kind)) {
      const dyno = textOf(data, 'dynoId')
      const forMs = Number(data['forMs'] ?? 0)
      const beforeMs = this.#excusedUntilMs.get(dyno) ?? 0
      this.#excusedUntilMs.set(dyno, Math.max(beforeMs, event.atMs + forMs))
      // A process that hangs, starves or is on its way out cannot act; a new one has not acted yet.
      for (const percent of this.#thresholds()) {
        this.#line(dyno, percent).aboveSinceMs = undefined
        if (!DELAYS.has(kind)) this.#lines.delete(`${dyno} ${percent}`)
      }
    }
  }

  #sampled({ atMs, data }: TraceEvent): void {
    const dyno = textOf(data, 'dynoId')
    const percent = Number(data['percent'])
    const isExcused = atMs < (this.#excusedUntilMs.get(dyno) ?? 0)
    for (const threshold of this.#thresholds()) {
      const line = this.#line(dyno, threshold)
      if (percent < threshold - LEFT_BELOW_PERCENT) line.hasActed = false
      if (isExcused || percent < threshold + TOLERANCE_PERCENT) line.aboveSinceMs = undefined
      else line.aboveSinceMs ??= atMs
      const { aboveSinceMs, hasActed } = line
      if (aboveSinceMs === undefined || hasActed || atMs - aboveSinceMs <= ACT_WITHIN_MS) continue
      line.hasActed = true
      this.broken(atMs, `${dyno} is above ${threshold} % since ${aboveSinceMs} ms and nothing was done`)
    }
  }

  #acted({ atMs, data }: TraceEvent): void {
    const { quotaBytes, cleanupPercent } = this.#context
    const dyno = textOf(data, 'dynoId')
    const percent = (Number(data['usedBytes']) * 100) / quotaBytes
    for (const threshold of this.#thresholds()) {
      if (percent >= threshold - TOLERANCE_PERCENT) this.#line(dyno, threshold).hasActed = true
    }
    if (percent >= cleanupPercent - TOLERANCE_PERCENT) this.#cleanupAtMs.set(dyno, atMs)
    else if (atMs - (this.#cleanupAtMs.get(dyno) ?? -Infinity) > CLEANUP_MS) {
      const what = `${textOf(data, 'what')} at ${percent.toFixed(1)} %`
      this.broken(atMs, `${what}, below the threshold of ${cleanupPercent} %`)
    }
  }

  #thresholds(): readonly number[] {
    return [this.#context.cleanupPercent, this.#context.emergencyPercent]
  }

  #line(dyno: string, threshold: number): Line {
    const key = `${dyno} ${threshold}`
    const known = this.#lines.get(key)
    if (known !== undefined) return known
    const created = { aboveSinceMs: undefined, hasActed: false }
    this.#lines.set(key, created)
    return created
  }
}

/** The same process goes on afterwards, and what it has done is done. */
const DELAYS: ReadonlySet<string> = new Set(['dyno.hang', 'dyno.starve'])

const EXCUSES: ReadonlySet<string> = new Set([
  ...DELAYS,
  'dyno.sigterm',
  'dyno.exited',
  'dyno.sigkill',
  'process.started',
])
