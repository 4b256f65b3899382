/** Taking messages in: in order, accepted before anything is committed or acknowledged, never after the end. */

import { encodeWAMessage } from '@whiskeysockets/baileys'
import type { BinaryNode } from '@whiskeysockets/baileys'
import { beforeEach, describe, expect, it } from 'vitest'
import { BaileysIntake } from '../../../src/adapters/baileys-intake.ts'
import { AppError } from '../../../src/errors.ts'
import type { InboundMessage } from '../../../src/ports/whatsapp-socket.ts'
import { settle } from '../../support/manual-clock.ts'

function stanzaOf(id: string, ciphertext: Uint8Array, offline?: string): BinaryNode {
  return {
    tag: 'message',
    attrs: { id, from: '492@s.whatsapp.net', t: '1700000000', ...(offline === undefined ? {} : { offline }) },
    content: [{ tag: 'enc', attrs: { type: 'msg' }, content: ciphertext }],
  }
}

describe('BaileysIntake', () => {
  let isAlive: boolean
  let accepted: string[]
  let refusals: string[]
  let said: string[]
  let accept: (message: InboundMessage) => Promise<void>
  let intake: BaileysIntake
  const arrive = (id: string): Uint8Array => {
    const ciphertext = new Uint8Array([1])
    void intake.arrived(stanzaOf(id, ciphertext), () => Promise.resolve())
    return ciphertext
  }
  beforeEach(() => {
    isAlive = true
    accepted = []
    refusals = []
    said = []
    accept = ({ id }) => Promise.resolve(void accepted.push(id))
    intake = new BaileysIntake({
      maxWaitingMessages: 2,
      me: () => ({ id: '491:5@s.whatsapp.net' }),
      isAlive: () => isAlive,
      accept: (message) => accept(message),
      refuse: (reason) => refusals.push(reason),
      pause: () => said.push('pause'),
      resume: () => said.push('resume'),
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
    expect(accepted).toEqual([])
  })

  it('has one message handled after the other, replayed and fresh ones in the order in which they came', async () => {
    const begun: string[] = []
    const ends: (() => void)[] = []
    const handle = ({ attrs }: BinaryNode): Promise<void> => {
      // By this mark Baileys would put it into a line of its own.
      begun.push(`${attrs['id']}${attrs['offline'] === undefined ? '' : ' in a line of its own'}`)
      return new Promise((resolve) => ends.push(resolve))
    }
    for (const [id, offline] of [['A', '1'], ['B', '0'], ['C']] as const) {
      void intake.arrived(stanzaOf(id, new Uint8Array([1]), offline), handle)
    }
    let isIdle = false
    void intake.idle().then(() => (isIdle = true))
    for (const expected of [['A'], ['A', 'B'], ['A', 'B', 'C']]) {
      await settle()
      expect([begun, isIdle]).toEqual([expected, false])
      ends.shift()?.()
    }
    await settle()
    expect([isIdle, said]).toEqual([true, ['pause', 'resume']])
  })

  it('still offers a replayed message as one', async () => {
    const kinds: string[] = []
    accept = ({ kind }) => Promise.resolve(void kinds.push(kind))
    const ciphertext = new Uint8Array([1])
    void intake.arrived(stanzaOf('A', ciphertext, '1'), () => Promise.resolve())
    await intake.decrypted(ciphertext, encodeWAMessage({ conversation: 'x' }))
    expect(kinds).toEqual(['append'])
  })

  it('goes on after one that failed, and has none handled after the end', async () => {
    const handled: string[] = []
    const handle = ({ attrs }: BinaryNode): Promise<unknown> => {
      handled.push(attrs['id'] ?? '')
      return attrs['id'] === 'A' ? Promise.reject(new Error('odd stanza')) : Promise.resolve()
    }
    await expect(intake.arrived(stanzaOf('A', new Uint8Array([1])), handle)).rejects.toThrow('odd stanza')
    await intake.arrived(stanzaOf('B', new Uint8Array([1])), handle)
    isAlive = false
    await intake.arrived(stanzaOf('C', new Uint8Array([1])), handle)
    expect(handled).toEqual(['A', 'B'])
  })
})
