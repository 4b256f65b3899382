import { describe, expect, it } from 'vitest'
import { sleep, withDeadline } from '../../src/timing.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'

describe('sleep', () => {
  it('resolves after the delay and not before', async () => {
    const clock = new ManualClock()
    let isAwake = false
    const sleeping = sleep(clock, 'nap', 1_000).then(() => (isAwake = true))
    await clock.advance(999)
    expect(isAwake).toBe(false)
    await clock.advance(1)
    await sleeping
    expect(isAwake).toBe(true)
  })

  it('rejects as soon as it is aborted, and leaves no timer', async () => {
    const clock = new ManualClock()
    const stop = new AbortController()
    const sleeping = sleep(clock, 'nap', 1_000, stop.signal)
    expect(clock.pendingLabels()).toEqual(['nap'])
    stop.abort()
    await expect(sleeping).rejects.toMatchObject({ code: 'aborted' })
    expect(clock.pendingLabels()).toEqual([])
  })

  it('rejects at once when it was aborted before', async () => {
    const clock = new ManualClock()
    await expect(sleep(clock, 'nap', 1_000, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' })
    expect(clock.pendingLabels()).toEqual([])
  })

  it('does not mind an abort after it is over', async () => {
    const clock = new ManualClock()
    const stop = new AbortController()
    const sleeping = sleep(clock, 'nap', 10, stop.signal)
    await clock.advance(10)
    stop.abort()
    await expect(sleeping).resolves.toBeUndefined()
  })
})

describe('withDeadline', () => {
  it('gives the outcome of the work and leaves no timer', async () => {
    const clock = new ManualClock()
    await expect(withDeadline(clock, 'work', 1_000, Promise.resolve('done'))).resolves.toBe('done')
    const failure = new Error('no')
    await expect(withDeadline(clock, 'work', 1_000, Promise.reject(failure))).rejects.toBe(failure)
    expect(clock.pendingLabels()).toEqual([])
  })

  it('rejects when the time is up, and ignores what comes later', async () => {
    const clock = new ManualClock()
    const work = Promise.withResolvers<void>()
    const waiting = withDeadline(clock, 'work', 1_000, work.promise)
    const outcome = waiting.catch((error: unknown) => error)
    await clock.advance(1_000)
    expect(await outcome).toMatchObject({ code: 'timed-out' })
    work.reject(new Error('too late'))
    await settle()
    expect(clock.pendingLabels()).toEqual([])
  })

  it('wraps a rejection that is no Error', async () => {
    const clock = new ManualClock()
    // Baileys rejects pending questions with the WebSocket's close code, a bare number.
    const work = new Promise<void>((_resolve, reject) => {
      const closeCode: unknown = 1_006
      reject(closeCode)
    })
    await expect(withDeadline(clock, 'work', 1_000, work)).rejects.toThrow('1006')
  })
})
