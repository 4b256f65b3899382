/**
 * The shape of a memory balloon over time, as a pure function: how much it holds when it has acted for so
 * long, and when it next has something to do. ledger-balloon.ts does it.
 */

import type { FaultOf } from '../faults/fault.ts'
import type { BalloonKind } from '../fakes/memory-ledger.ts'

const MB_BYTES = 1_048_576

/**
 * `leak` grows to `toBytes` (Infinity: for ever) and keeps it. `burst` grows, holds for `holdMs`, and lets
 * go. `saw-tooth` grows, lets go and grows again, for `holdMs` after its first tooth.
 */
export type BalloonShape = 'leak' | 'burst' | 'saw-tooth'

/** How much over time, whatever it is made of. */
export interface BalloonCurve {
  readonly shape: BalloonShape
  readonly toBytes: number
  readonly bytesPerSecond: number
  readonly holdMs: number
  /** The leak is in the code: each new process has it from its start. False: only the first one struck. */
  readonly followsRestart: boolean
}

/** A curve with the ledger's kind of memory; agent/real-balloon.ts follows the same plans in real processes. */
export interface BalloonPlan extends BalloonCurve {
  readonly kind: BalloonKind
}

export interface BalloonStep {
  readonly heldBytes: number
  /** When to act again; undefined when nothing will change. */
  readonly nextInMs: number | undefined
}

/** A tick is as long as half a MB takes to grow, within these: few events for a slow leak. */
const TICK_MS = { low: 250, high: 10_000 }
const BYTES_PER_TICK = MB_BYTES / 2

export function balloonPlanOf(fault: FaultOf<'balloon'>): BalloonPlan {
  return {
    shape: fault.shape,
    kind: fault.memory,
    toBytes: Math.round(fault.toMb * MB_BYTES),
    bytesPerSecond: fault.mbPerSecond * MB_BYTES,
    holdMs: fault.holdMs,
    followsRestart: fault.followsRestart,
  }
}

/** How long one ramp takes, whole ms. */
export function rampMs(plan: BalloonCurve): number {
  return Math.ceil((plan.toBytes / plan.bytesPerSecond) * 1_000)
}

export function balloonStep(plan: BalloonCurve, elapsedMs: number): BalloonStep {
  const growMs = rampMs(plan)
  const endMs = growMs + Math.max(plan.holdMs, TICK_MS.low)
  switch (plan.shape) {
    case 'leak':
      return rampStep(plan, elapsedMs, Infinity)
    case 'burst':
      return elapsedMs < endMs ? rampStep(plan, elapsedMs, endMs) : OVER
    case 'saw-tooth': {
      const toothMs = growMs + TICK_MS.low
      const toothStartMs = elapsedMs - (elapsedMs % toothMs)
      const toothEndMs = Math.min(toothMs, endMs - toothStartMs)
      return elapsedMs < endMs ? rampStep(plan, elapsedMs - toothStartMs, toothEndMs) : OVER
    }
    default:
      return plan.shape satisfies never
  }
}

const OVER: BalloonStep = { heldBytes: 0, nextInMs: undefined }

/** Up the ramp by ticks, then held; to act again at `endMs` at the latest (Infinity: held for good). */
function rampStep(plan: BalloonCurve, elapsedMs: number, endMs: number): BalloonStep {
  const growMs = rampMs(plan)
  if (elapsedMs >= growMs) {
    return { heldBytes: plan.toBytes, nextInMs: endMs === Infinity ? undefined : endMs - elapsedMs }
  }
  const tickMs = Math.ceil((BYTES_PER_TICK / plan.bytesPerSecond) * 1_000)
  return {
    heldBytes: Math.floor((plan.bytesPerSecond * elapsedMs) / 1_000),
    nextInMs: Math.min(
      Math.max(TICK_MS.low, Math.min(TICK_MS.high, tickMs)),
      growMs - elapsedMs,
      endMs - elapsedMs,
    ),
  }
}
