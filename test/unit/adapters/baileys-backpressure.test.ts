/** How many messages may wait inside Baileys before the transport is read no further. */

import { beforeEach, describe, expect, it } from 'vitest'
import { Backpressure } from '../../../src/adapters/baileys-backpressure.ts'
import { ManualClock } from '../../support/manual-clock.ts'

describe('Backpressure', () => {
  let clock: ManualClock
  let said: string[]
  let pressure: Backpressure
  beforeEach(() => {
    clock = new ManualClock()
    said = []
    pressure = new Backpressure({
      clock,
      maxWaiting: 4,
      pause: () => said.push('pause'),
      resume: () => said.push('resume'),
    })
  })

  it('pauses beyond the bound, and resumes when half of it is handled', () => {
    const tickets = Array.from({ length: 6 }, () => pressure.arrived('online'))
    expect(said).toEqual(['pause'])
    for (const ticket of tickets) {
      pressure.begun()
      pressure.ended(ticket)
      expect(said).toEqual(pressure.waiting > 2 ? ['pause'] : ['pause', 'resume'])
    }
    pressure.stop()
    expect(clock.pendingLabels()).toEqual([])
  })

  it('counts replayed and fresh messages together, each handled in its own order', () => {
    const offline = Array.from({ length: 3 }, () => pressure.arrived('offline'))
    const online = Array.from({ length: 3 }, () => pressure.arrived('online'))
    expect(pressure.waiting).toBe(6)
    for (const ticket of [offline[2], online[2]]) {
      pressure.begun()
      if (ticket !== undefined) pressure.ended(ticket)
    }
    expect(pressure.waiting).toBe(0)
    expect(said).toEqual(['pause', 'resume'])
  })

  it('does not wait for messages that were dropped without a word', async () => {
    for (let count = 0; count < 6; count += 1) pressure.arrived('online')
    await clock.advance(250)
    expect(said).toEqual(['pause', 'resume'])
    expect(pressure.waiting).toBe(0)
  })

  it('stays paused while a message is in hand, however long that takes', async () => {
    const tickets = Array.from({ length: 6 }, () => pressure.arrived('online'))
    pressure.begun()
    await clock.advance(60_000)
    expect(said).toEqual(['pause'])
    if (tickets[5] !== undefined) pressure.ended(tickets[5])
    expect(said).toEqual(['pause', 'resume'])
    expect(clock.pendingLabels()).toEqual([])
  })
})
