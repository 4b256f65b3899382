/** One bounded piece of work leaves nothing behind, however it ends. */

import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { errorCodeOf } from '../../../src/errors.ts'
import { attempt } from '../../../src/startup/attempt.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const ENDINGS: readonly (readonly [string, () => Promise<void>, string])[] = [
  ['works', () => Promise.resolve(), 'done'],
  ['rejects', () => Promise.reject(new Error('broken')), 'broken'],
  [
    'throws',
    () => {
      throw new Error('broken')
    },
    'broken',
  ],
  ['hangs', () => new Promise(() => undefined), 'timed-out'],
]

describe('attempt', () => {
  it.each(ENDINGS)('that %s leaves neither timer nor listener', async (_, work, expected) => {
    const clock = new ManualClock()
    const stop = new AbortController()
    let signal: AbortSignal | undefined
    const bounds = { label: 'test', timeoutMs: 100, stopSignal: stop.signal }
    const ended = attempt(clock, bounds, (given) => ((signal = given), work())).then(
      () => 'done',
      (error: unknown) => errorCodeOf(error) ?? (error instanceof Error ? error.message : 'unknown'),
    )
    await clock.advance(100)
    expect(await ended).toBe(expected)
    expect(signal?.aborted).toBe(expected !== 'done')
    expect([clock.pendingLabels(), getEventListeners(stop.signal, 'abort')]).toEqual([[], []])
  })

  it('ends at once when the process stops', async () => {
    const clock = new ManualClock()
    const stop = new AbortController()
    const bounds = { label: 'test', timeoutMs: 100, stopSignal: stop.signal }
    const ended = attempt(clock, bounds, () => new Promise(() => undefined)).catch(errorCodeOf)
    stop.abort()
    expect(await ended).toBe('aborted')
    expect(clock.pendingLabels()).toEqual([])
  })
})
