/** Stops parts one after another, each bounded: one that throws or hangs is passed over and named. */

import { errorMessageOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import { withDeadline } from '../timing.ts'

export interface Stoppable {
  readonly name: string
  stop?(): Promise<void>
  readonly stopTimeoutMs: number
}

/**
 * Each part has its own time, all together the total. When that is used up, the rest is still called but
 * not waited for. Returns the names of those that did not end well in time.
 */
export async function stopInOrder(
  deps: { readonly clock: Clock; readonly logger: Logger },
  parts: readonly Stoppable[],
  totalTimeoutMs: number,
): Promise<readonly string[]> {
  const { clock, logger } = deps
  const deadlineMs = clock.monotonicMs() + totalTimeoutMs
  const unfinished: string[] = []
  for (const part of parts) {
    const begunMs = clock.monotonicMs()
    const timeoutMs = Math.max(0, Math.min(part.stopTimeoutMs, deadlineMs - begunMs))
    try {
      await withDeadline(clock, `stop.${part.name}`, timeoutMs, (async () => part.stop?.())())
      logger.debug('shutdown.step-stopped', {
        step: part.name,
        durationMs: Math.round(clock.monotonicMs() - begunMs),
      })
    } catch (error) {
      unfinished.push(part.name)
      logger.error('shutdown.step-unfinished', { step: part.name, timeoutMs, reason: errorMessageOf(error) })
    }
  }
  return unfinished
}
