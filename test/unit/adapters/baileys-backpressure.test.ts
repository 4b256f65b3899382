/** How many messages may wait before the transport is read no further. */

import { expect, it } from 'vitest'
import { Backpressure } from '../../../src/adapters/baileys-backpressure.ts'

it('pauses beyond the bound, and resumes when half of it is handled, each once', () => {
  const said: string[] = []
  const pressure = new Backpressure({
    maxWaiting: 4,
    pause: () => said.push('pause'),
    resume: () => said.push('resume'),
  })
  for (let count = 0; count < 4; count += 1) pressure.arrived()
  expect(said).toEqual([])
  for (let count = 0; count < 3; count += 1) pressure.arrived()
  expect(said).toEqual(['pause'])
  for (let count = 0; count < 4; count += 1) pressure.ended()
  expect(said).toEqual(['pause'])
  for (let count = 0; count < 3; count += 1) pressure.ended()
  expect(said).toEqual(['pause', 'resume'])
})
