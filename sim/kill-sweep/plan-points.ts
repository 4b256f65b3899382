/**
 * The order of a sweep. Pure. First every distinct point once, so spread that any beginning of the list has all victims
 * and moments; then round after round the same points at further occurrences. Delays are drawn by seed.
 */

import type { Random } from '../../src/ports/random.ts'
import { MOMENTS, isPossible, mayWait } from './kill-point.ts'
import type { KillPoint, Victim } from './kill-point.ts'
import type { WriteOperation } from './write-operations.ts'

/** At most: what a bot does after a write, or without waiting for it, it begins within milliseconds. */
const MAX_AFTER_MS = 25
const AT_ONCE_CHANCE = 1 / 3

export interface SweepPlan {
  readonly operations: readonly WriteOperation[]
  readonly victims: readonly Victim[]
  readonly points: number
  /** Of the delays. */
  readonly random: Random
}

export function planPoints({ operations, victims, points, random }: SweepPlan): KillPoint[] {
  const distinct = distinctPoints(operations, victims)
  return Array.from({ length: distinct.length === 0 ? 0 : points }, (_, index) => {
    const point = distinct[index % distinct.length] as KillPoint
    const round = Math.floor(index / distinct.length)
    const { maxOccurrence } = operations.find(({ name }) => name === point.operation) as WriteOperation
    const afterMs = mayWait(point) ? drawDelayMs(random) : 0
    return { ...point, occurrence: 1 + (round % maxOccurrence), afterMs }
  })
}

function drawDelayMs(random: Random): number {
  if (random.next() < AT_ONCE_CHANCE) return 0
  return 1 + Math.floor(random.next() * MAX_AFTER_MS)
}

/** One of each victim and moment in turn, each time with the next operation. */
function distinctPoints(operations: readonly WriteOperation[], victims: readonly Victim[]): KillPoint[] {
  const ways = MOMENTS.flatMap((moment) =>
    victims.filter((victim) => isPossible(victim, moment)).map((victim) => ({ victim, moment })),
  )
  return operations.flatMap((_, row) =>
    ways.map(({ victim, moment }, column) => ({
      victim,
      moment,
      operation: operations[(row + column) % operations.length]?.name ?? '',
      occurrence: 1,
      afterMs: 0,
    })),
  )
}
