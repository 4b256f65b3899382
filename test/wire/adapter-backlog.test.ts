/** More messages than the bot lets wait, from people whose other name is to be asked for: reading goes on for the answers. */

import { expect, it } from 'vitest'
import { wireScene } from '../support/wire-life.ts'

const PEOPLE = 4
const start = wireScene()

it('a backlog beyond the bound is worked off, though the server must be asked about each sender', async () => {
  // Were the answer not read, each question would take its whole deadline, and the poll below none of it.
  const { whatsapp, account, open } = await start({ maxWaitingMessages: 2, queryTimeoutMs: 60_000 })
  const [device] = account.linkedDevices
  const deliver = device?.deliver.bind(device)
  // As from people whose phones do not tell the second address yet.
  if (device !== undefined) {
    device.deliver = ({ attrs: { sender_lid: _untold, ...attrs }, ...rest }) => deliver?.({ attrs, ...rest })
  }
  const people = Array.from({ length: PEOPLE }, () => whatsapp.addContact())
  for (const round of [1, 2, 3]) for (const person of people) await person.say(`${round}`, { to: account })
  const life = await open()
  await expect.poll(() => life.accepted.length, { timeout: 10_000 }).toBe(3 * PEOPLE)
  expect(life.reports).toEqual([])
  expect(whatsapp.truth().queries['usync/get/usync']).toBeGreaterThan(0)
})
