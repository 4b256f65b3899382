/** One bounded piece of work: it ends with itself, with its time, or with the process, whichever is first. */

import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import { withDeadline } from '../timing.ts'

/**
 * When it does not end well, the signal given to `work` is aborted; what is left behind then is ignored.
 * @throws AppError `timed-out`; `aborted` as soon as `stopSignal` is aborted; or what `work` throws.
 */
export async function attempt(
  clock: Clock,
  bounds: { readonly label: string; readonly timeoutMs: number; readonly stopSignal: AbortSignal },
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { label, timeoutMs, stopSignal } = bounds
  const own = new AbortController()
  const stopped = Promise.withResolvers<never>()
  const abort = (): void => stopped.reject(new AppError('aborted', `${label}: the process stops`))
  stopSignal.addEventListener('abort', abort, { once: true })
  try {
    const started = (async () => work(own.signal))()
    await withDeadline(clock, label, timeoutMs, Promise.race([started, stopped.promise]))
  } catch (error) {
    own.abort()
    throw error
  } finally {
    stopSignal.removeEventListener('abort', abort)
  }
}
