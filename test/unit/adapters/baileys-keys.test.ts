/** The key store that Baileys is given: what it passes on, and that a failure is the last thing it does. */

import { proto } from '@whiskeysockets/baileys'
import { beforeEach, describe, expect, it } from 'vitest'
import { guardedKeyStore } from '../../../src/adapters/baileys-keys.ts'
import { AppError } from '../../../src/errors.ts'
import type { AuthState, SignalKeyChanges } from '../../../src/ports/whatsapp-socket.ts'

/** A group's keys with one kept, whose bytes are in this form. */
function kept(seed: object): Buffer {
  return Buffer.from(JSON.stringify([{ senderMessageKeys: [{ iteration: 1, seed }] }]))
}

describe('guardedKeyStore', () => {
  let isAlive: boolean
  let failures: unknown[]
  let written: SignalKeyChanges[]
  let failWith: Error | undefined
  let stored: Record<string, unknown>
  const auth = (): AuthState => ({
    creds: {},
    saveCreds: () => Promise.resolve(),
    keys: {
      get: () => (failWith === undefined ? Promise.resolve(stored) : Promise.reject(failWith)),
      set: (changes) => {
        if (failWith !== undefined) return Promise.reject(failWith)
        written.push(changes)
        return Promise.resolve()
      },
    },
  })
  const store = (): ReturnType<typeof guardedKeyStore> =>
    guardedKeyStore(auth(), { isAlive: () => isAlive, onFailure: (error) => failures.push(error) })
  beforeEach(() => {
    isAlive = true
    failures = []
    written = []
    failWith = undefined
    stored = {}
  })

  it('passes reads and writes on', async () => {
    const keys = store()
    stored = { a: new Uint8Array([1]) }
    expect(await keys.get('session', ['a'])).toEqual(stored)
    await keys.set({ session: { a: null } })
    expect(written).toEqual([{ session: { a: null } }])
  })

  it('gives app-state keys as the protobuf message that Baileys expects', async () => {
    stored = { a: { keyData: new Uint8Array([7]) }, b: undefined }
    const { a } = await store().get('app-state-sync-key', ['a', 'b'])
    expect(a).toBeInstanceOf(proto.Message.AppStateSyncKeyData)
  })

  it('mends groups’ keys on their way in and out, and leaves deletions and other kinds alone', async () => {
    const asBaileysWrites = kept({ type: 'Buffer', data: [3] })
    const sound = kept({ type: 'Buffer', data: 'Aw==' })
    stored = { a: asBaileysWrites }
    expect(await store().get('sender-key', ['a'])).toEqual({ a: sound })
    await store().set({ 'sender-key': { a: asBaileysWrites, b: null }, session: { a: asBaileysWrites } })
    expect(written).toEqual([{ 'sender-key': { a: sound, b: null }, session: { a: asBaileysWrites } }])
  })

  it('reports a failure before passing it on', async () => {
    failWith = new AppError('store-unavailable', 'away')
    await expect(store().set({ session: {} })).rejects.toBe(failWith)
    expect(failures).toEqual([failWith])
  })

  it('does nothing more after a failed read: Baileys would write a new session over the one it did not see', async () => {
    const keys = store()
    failWith = new AppError('store-unavailable', 'away')
    await expect(keys.get('session', ['a'])).rejects.toBe(failWith)
    failWith = undefined
    await expect(keys.set({ session: { a: new Uint8Array([1]) } })).rejects.toMatchObject({
      code: 'socket-closed',
    })
    expect(written).toEqual([])
    expect(failures).toHaveLength(1)
  })

  it('neither reads nor writes for a connection that is gone', async () => {
    const keys = store()
    isAlive = false
    await expect(keys.get('session', ['a'])).rejects.toMatchObject({ code: 'socket-closed' })
    await expect(keys.set({ session: {} })).rejects.toMatchObject({ code: 'socket-closed' })
    expect([written, failures]).toEqual([[], []])
  })
})
