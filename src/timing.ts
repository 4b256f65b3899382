/** Waiting on the clock port: `sleep`, and a deadline around somebody else's promise. */

import { AppError } from './errors.ts'
import type { Clock } from './ports/clock.ts'

/**
 * Resolves after `delayMs`.
 * @throws AppError `aborted` as soon as `signal` is aborted; no timer is left behind.
 */
export function sleep(clock: Clock, label: string, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new AppError('aborted', `${label}: aborted`))
      return
    }
    const abort = (): void => {
      timer.cancel()
      reject(new AppError('aborted', `${label}: aborted`))
    }
    const timer = clock.setTimer(label, delayMs, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/**
 * The outcome of `work`, unless `timeoutMs` pass first. The work itself is not stopped: its late outcome is
 * ignored, a late rejection included.
 * @throws AppError `timed-out`
 */
export function withDeadline<T>(
  clock: Clock,
  label: string,
  timeoutMs: number,
  work: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(label, timeoutMs, () => {
      reject(new AppError('timed-out', `${label}: no answer within ${timeoutMs} ms`))
    })
    work.then(
      (value) => {
        timer.cancel()
        resolve(value)
      },
      (error: unknown) => {
        timer.cancel()
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
}
