/** Taking messages in: accepted before anything is committed or acknowledged, and never after the end. */

import { encodeWAMessage } from '@whiskeysockets/baileys'
import type { BinaryNode } from '@whiskeysockets/baileys'
import { beforeEach, describe, expect, it } from 'vitest'
import { BaileysIntake } from '../../../src/adapters/baileys-intake.ts'
import { AppError } from '../../../src/errors.ts'
import type { InboundMessage } from '../../../src/ports/whatsapp-socket.ts'
import { ManualClock } from '../../support/manual-clock.ts'

describe('BaileysIntake', () => {
  let isAlive: boolean
  let accepted: string[]
  let refusals: string[]
  let accept: (message: InboundMessage) => Promise<void>
  let intake: BaileysIntake
  const arrive = (id: string): Uint8Array => {
    const ciphertext = new Uint8Array([1])
    const stanza: BinaryNode = {
      tag: 'message',
      attrs: { id, from: '492@s.whatsapp.net', t: '1700000000' },
      content: [{ tag: 'enc', attrs: { type: 'msg' }, content: ciphertext }],
    }
    intake.arrived(stanza)
    return ciphertext
  }
  beforeEach(() => {
    isAlive = true
    accepted = []
    refusals = []
    accept = ({ id }) => Promise.resolve(void accepted.push(id))
    intake = new BaileysIntake({
      clock: new ManualClock(),
      maxWaitingMessages: 10,
      me: () => ({ id: '491:5@s.whatsapp.net' }),
      isAlive: () => isAlive,
      accept: (message) => accept(message),
      refuse: (reason) => refusals.push(reason),
      pause: () => undefined,
      resume: () => undefined,
    })
  })

  it('offers a decrypted message to the bot', async () => {
    await intake.decrypted(arrive('A'), encodeWAMessage({ conversation: '.ping' }))
    expect([accepted, refusals]).toEqual([['A'], []])
  })

  it('fails the decryption of a message that the bot does not take, and ends the connection first', async () => {
    accept = () => Promise.reject(new AppError('store-unavailable', 'away'))
    await expect(intake.decrypted(arrive('A'), encodeWAMessage({ conversation: 'x' }))).rejects.toMatchObject(
      {
        code: 'aborted',
      },
    )
    expect(refusals).toEqual(['message not accepted (store-unavailable)'])
  })

  it('fails it when the connection ended while the bot was thinking', async () => {
    const thinking = Promise.withResolvers<void>()
    accept = () => thinking.promise
    const decrypted = intake.decrypted(arrive('A'), encodeWAMessage({ conversation: 'x' }))
    isAlive = false
    thinking.resolve()
    await expect(decrypted).rejects.toMatchObject({ code: 'socket-closed' })
  })

  it('offers nothing after the end', async () => {
    const ciphertext = arrive('A')
    isAlive = false
    await expect(intake.decrypted(ciphertext, encodeWAMessage({ conversation: 'x' }))).rejects.toMatchObject({
      code: 'socket-closed',
    })
    expect(accepted).toEqual([])
  })

  it('lets a decryption of something that did not come as a message pass', async () => {
    await intake.decrypted(new Uint8Array([9]), encodeWAMessage({ conversation: 'x' }))
    expect(await intake.whileHandling(new Uint8Array([9]), () => Promise.resolve(5))).toBe(5)
    expect(accepted).toEqual([])
  })
})
