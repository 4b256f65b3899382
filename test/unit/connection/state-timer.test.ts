import { describe, expect, it } from 'vitest'
import { StateTimerSlot } from '../../../src/connection/state-timer.ts'
import { ManualClock } from '../../support/manual-clock.ts'

describe('StateTimerSlot', () => {
  it('holds one timer, the one last set', async () => {
    const clock = new ManualClock()
    const due: number[] = []
    const slot = new StateTimerSlot({ clock, onDue: () => due.push(clock.monotonicMs()) })
    slot.set({ label: 'a', dueMs: 100 })
    slot.set({ label: 'b', dueMs: 200 })
    slot.set({ label: 'b', dueMs: 200 })
    expect(clock.pendingLabels()).toEqual(['b'])
    await clock.advance(1_000)
    expect(due).toEqual([200])
    slot.set({ label: 'c', dueMs: 5_000 })
    slot.set(undefined)
    expect(clock.pendingLabels()).toEqual([])
  })

  it('is set again for the same time after it fired', async () => {
    const clock = new ManualClock()
    let fired = 0
    const slot = new StateTimerSlot({ clock, onDue: () => (fired += 1) })
    slot.set({ label: 'a', dueMs: 100 })
    await clock.advance(100)
    slot.set({ label: 'a', dueMs: 100 })
    expect(clock.pendingLabels()).toEqual(['a'])
    await clock.advance(0)
    expect(fired).toBe(2)
  })
})
