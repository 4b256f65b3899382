/**
 * Whether the deadlines of a scenario's `eventually` claims lie within its run: a run that ends before proves nothing
 * of them, whatever the bot does, and no run is needed to see it.
 */

import type { z } from 'zod'
import type { Claims } from './claim.ts'

interface TimeLine {
  readonly durationMs: number
  readonly claims: Claims
}

/**
 * Adds an issue for each deadline that the run does not reach.
 * @param faultEndsMs of each fault, when it is over, jitter included
 * @param path of the time line within the scenario
 */
export function checkDeadlines(
  { durationMs, claims }: TimeLine,
  faultEndsMs: readonly number[],
  path: readonly string[],
  context: z.RefinementCtx,
): void {
  const faultsEndMs = Math.max(0, ...faultEndsMs)
  for (const [index, { claim, withinMs }] of claims.eventually.entries()) {
    const leastMs = faultsEndMs + withinMs
    if (leastMs <= durationMs) continue
    const message = `${claim} within ${withinMs} ms of the last fault, which is over at ${faultsEndMs} ms, needs a durationMs of at least ${leastMs}`
    context.addIssue({
      code: 'custom',
      path: [...path, 'claims', 'eventually', index, 'withinMs'],
      message,
    })
  }
}
