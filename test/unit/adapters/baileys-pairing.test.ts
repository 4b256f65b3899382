/** Pairing with a crash in between: what is marked, confirmed and undone. */

import { initAuthCreds } from '@whiskeysockets/baileys'
import type { AuthenticationCreds } from '@whiskeysockets/baileys'
import { beforeEach, describe, expect, it } from 'vitest'
import { isPaired } from '../../../src/adapters/baileys-paired.ts'
import { BaileysPairing } from '../../../src/adapters/baileys-pairing.ts'
import { settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const PAIRED = { me: { id: '491:5@s.whatsapp.net' }, account: { details: new Uint8Array([1]) } }
const RESTART = { statusCode: 515, message: 'Stream Errored (restart required)' }
const LOGGED_OUT = { statusCode: 401, message: 'Connection Failure' }

describe('BaileysPairing', () => {
  let creds: AuthenticationCreds
  let said: string[]
  const pairing = (phoneNumber?: string): BaileysPairing =>
    new BaileysPairing({
      logger: new RecordingLogger(),
      creds,
      phoneNumber,
      saveCreds: () => Promise.resolve(void said.push('save')),
      requestCode: (number) => Promise.resolve(`code for ${number}`),
      onQr: (text) => said.push(`qr ${text}`),
      onCode: (code) => said.push(code),
    })
  const pairHere = (): BaileysPairing => {
    const own = pairing()
    own.offer('1')
    Object.assign(creds, PAIRED)
    expect(own.noteChange(PAIRED)).toBe(true)
    return own
  }
  beforeEach(() => {
    creds = initAuthCreds()
    said = []
  })

  it('asks for one code, with the first QR, when a phone number is set', async () => {
    const own = pairing('491')
    own.offer('1')
    own.offer('2')
    await settle()
    expect(said).toEqual(['qr 1', 'qr 2', 'code for 491'])
  })

  it('has no code to give before a QR is shown', async () => {
    await expect(pairing().requestCode('491')).rejects.toMatchObject({ code: 'socket-closed' })
  })

  it('holds the answer to WhatsApp for a pairing only', () => {
    const own = pairing()
    expect(own.noteChange(PAIRED)).toBe(false)
    own.offer('1')
    expect(own.noteChange({ nextPreKeyId: 5 })).toBe(false)
    expect(own.noteChange(PAIRED)).toBe(true)
    expect(own.noteChange(PAIRED)).toBe(false)
  })

  it('is confirmed by the restart that WhatsApp asks for', () => {
    const own = pairHere()
    expect(creds.additionalData).toBeDefined()
    expect(own.closed(RESTART)).toBe(RESTART)
    expect(creds.additionalData).toBeUndefined()
    expect(said).toEqual(['qr 1', 'save'])
  })

  it('is confirmed by a login', () => {
    pairHere()
    pairing().opened()
    expect(creds.additionalData).toBeUndefined()
    expect(isPaired({ ...creds })).toBe(true)
  })

  it('leaves alone what else is noted in the credentials', () => {
    const others = { acceptedVersion: [2, 3000, 1] }
    creds.additionalData = others
    const own = pairHere()
    expect(creds.additionalData).toMatchObject(others)
    own.closed(RESTART)
    expect(creds.additionalData).toEqual(others)
    pairHere()
    pairing().closed(LOGGED_OUT)
    expect(creds.additionalData).toEqual(others)
  })

  it('is undone when a later process is refused the login, and not read as a logout', () => {
    pairHere()
    expect(pairing().closed(LOGGED_OUT)).toEqual({
      statusCode: undefined,
      message: 'the pairing was not completed',
    })
    expect(isPaired({ ...creds })).toBe(false)
    expect(creds).toEqual({
      ...creds,
      noiseKey: creds.noiseKey,
      registered: false,
      additionalData: undefined,
    })
  })

  it('takes a 401 on the pairing connection itself, and one after the confirmation, as what they are', () => {
    const own = pairHere()
    expect(own.closed(LOGGED_OUT)).toBe(LOGGED_OUT)
    own.closed(RESTART)
    expect(pairing().closed(LOGGED_OUT)).toBe(LOGGED_OUT)
    expect(isPaired({ ...creds })).toBe(true)
  })

  it('leaves a device alone that was linked long ago', () => {
    Object.assign(creds, PAIRED)
    const own = pairing()
    own.opened()
    expect(own.closed(LOGGED_OUT)).toBe(LOGGED_OUT)
    expect(said).toEqual([])
  })
})
