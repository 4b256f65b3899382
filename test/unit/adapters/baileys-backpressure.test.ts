/** How many messages may wait before the transport is read no further. */

import { beforeEach, describe, expect, it } from 'vitest'
import { Backpressure } from '../../../src/adapters/baileys-backpressure.ts'

describe('Backpressure', () => {
  let said: string[]
  let pressure: Backpressure
  beforeEach(() => {
    said = []
    pressure = new Backpressure({
      maxWaiting: 4,
      pause: () => said.push('pause'),
      resume: () => said.push('resume'),
    })
  })

  it('pauses beyond the bound, and resumes when half of it is handled, each once', () => {
    for (let count = 0; count < 4; count += 1) pressure.arrived()
    expect(said).toEqual([])
    for (let count = 0; count < 3; count += 1) pressure.arrived()
    expect(said).toEqual(['pause'])
    for (let count = 0; count < 4; count += 1) pressure.ended()
    expect(said).toEqual(['pause'])
    for (let count = 0; count < 3; count += 1) pressure.ended()
    expect(said).toEqual(['pause', 'resume'])
  })

  it('reads on while something is asked, and stops again after it unless there is room by then', async () => {
    for (let count = 0; count < 5; count += 1) pressure.arrived()
    await expect(pressure.whileAsking(() => Promise.reject(new Error('no answer')))).rejects.toThrow(
      'no answer',
    )
    expect(said).toEqual(['pause', 'resume', 'pause'])
    const answer = Promise.withResolvers<string>()
    const asked = [
      pressure.whileAsking(() => answer.promise),
      pressure.whileAsking(() => Promise.resolve('yes')),
    ]
    await asked[1]
    pressure.arrived()
    expect(said).toEqual(['pause', 'resume', 'pause', 'resume'])
    for (let count = 0; count < 4; count += 1) pressure.ended()
    answer.resolve('at last')
    expect(await asked[0]).toBe('at last')
    expect(said).toEqual(['pause', 'resume', 'pause', 'resume'])
  })
})
