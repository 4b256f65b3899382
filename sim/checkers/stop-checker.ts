/**
 * SIGTERM is obeyed: the dyno has exited within the product's own limit, well before Heroku kills it. Judged
 * by the dyno's life alone. A dyno that hangs can do nothing, so its time does not count; one that starves is
 * only held to Heroku's limit.
 */

import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'

/** What the product promises, ms. */
const STOP_WITHIN_MS = 20_000
/** Heroku's own limit, ms. */
const HEROKU_GRACE_MS = 30_000
/** A dyno's clock may run one per cent slow at most, and the last chains take moments. */
const TOLERANCE_MS = 250

interface Trouble {
  hungUntilMs: number
  starvedUntilMs: number
}

interface Stop {
  readonly atMs: number
  /** So long of it the dyno has hung. */
  hungMs: number
  isStarved: boolean
}

export class StopsInTimeChecker extends Checker {
  /** By dyno. */
  readonly #troubles = new Map<string, Trouble>()
  readonly #stops = new Map<string, Stop>()

  constructor() {
    super('stops-in-time')
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    const dyno = textOf(data, 'dynoId')
    switch (kind) {
      case 'dyno.sigterm':
        this.#begin(dyno, atMs)
        break
      case 'dyno.hang':
      case 'dyno.starve':
        this.#troubled(dyno, kind, atMs, Number(data['forMs']))
        break
      case 'dyno.r12':
        this.#judge(dyno, atMs, 'was killed by Heroku')
        break
      case 'dyno.exited':
        this.#judge(dyno, atMs, 'exited')
        this.#troubles.delete(dyno)
        break
      default:
    }
  }

  override finish(atMs: number): void {
    for (const dyno of this.#stops.keys()) this.#judge(dyno, atMs, 'is still there')
  }

  #begin(dyno: string, atMs: number): void {
    const trouble = this.#troubles.get(dyno)
    this.#stops.set(dyno, {
      atMs,
      hungMs: Math.max(0, (trouble?.hungUntilMs ?? 0) - atMs),
      isStarved: (trouble?.starvedUntilMs ?? 0) > atMs,
    })
  }

  #troubled(dyno: string, kind: 'dyno.hang' | 'dyno.starve', atMs: number, forMs: number): void {
    const trouble = this.#troubles.get(dyno) ?? { hungUntilMs: 0, starvedUntilMs: 0 }
    this.#troubles.set(dyno, trouble)
    const stop = this.#stops.get(dyno)
    if (kind === 'dyno.starve') {
      trouble.starvedUntilMs = Math.max(trouble.starvedUntilMs, atMs + forMs)
      if (stop !== undefined) stop.isStarved = true
      return
    }
    const beforeMs = Math.max(atMs, trouble.hungUntilMs)
    trouble.hungUntilMs = Math.max(trouble.hungUntilMs, atMs + forMs)
    if (stop !== undefined) stop.hungMs += Math.max(0, trouble.hungUntilMs - beforeMs)
  }

  #judge(dyno: string, atMs: number, how: string): void {
    const stop = this.#stops.get(dyno)
    this.#stops.delete(dyno)
    if (stop === undefined) return
    const tookMs = atMs - stop.atMs
    const limitMs = stop.isStarved ? HEROKU_GRACE_MS : STOP_WITHIN_MS + TOLERANCE_MS
    if (tookMs - stop.hungMs >= limitMs) this.broken(atMs, `${dyno} ${how} ${tookMs} ms after its SIGTERM`)
  }
}
