/** Credentials: what counts as paired, and what is left over of a pairing that never ended. */

import { describe, expect, it } from 'vitest'
import { freshCreds, usableCreds } from '../../../src/adapters/baileys-creds.ts'
import { isPaired } from '../../../src/adapters/baileys-paired.ts'

describe('credentials', () => {
  it('are not paired when fresh, nor when only a pairing code was asked for', () => {
    expect(isPaired(freshCreds())).toBe(false)
    expect(isPaired({ ...freshCreds(), me: { id: '1@s.whatsapp.net' }, pairingCode: 'ABCD1234' })).toBe(false)
    expect(isPaired({ ...freshCreds(), me: { id: '1@s.whatsapp.net' }, account: {} })).toBe(true)
  })

  it('lose what a pairing that never ended has left, in place', () => {
    const creds = { ...freshCreds(), me: { id: '1@s.whatsapp.net' }, pairingCode: 'ABCD1234' }
    expect(usableCreds(creds)).toBe(creds)
    expect([creds.me, creds.pairingCode]).toEqual([undefined, undefined])
  })

  it('keep the identity of a paired device', () => {
    const creds = { ...freshCreds(), me: { id: '1@s.whatsapp.net' }, account: {} }
    expect(usableCreds(creds).me).toEqual({ id: '1@s.whatsapp.net' })
  })

  it('are refused when they are none of Baileys’', () => {
    expect(() => usableCreds({ me: {}, account: {} })).toThrow(
      expect.objectContaining({ code: 'store-corrupt' }),
    )
  })
})
