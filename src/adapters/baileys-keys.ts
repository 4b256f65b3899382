/**
 * The session's Signal keys as Baileys' key store. Owns two things Baileys leaves open: what it must be given in
 * which form, and that a failed read or write ends the connection at once. Surprising: the second is what
 * keeps the promise of the acknowledgement. Baileys turns such a failure into a retry receipt and an
 * acknowledgement with an error, by which the server forgets the message; on a dead transport neither leaves.
 */

import { proto } from '@whiskeysockets/baileys'
import type { SignalDataSet, SignalDataTypeMap, SignalKeyStore } from '@whiskeysockets/baileys'
import { AppError } from '../errors.ts'
import type { AuthState } from '../ports/whatsapp-socket.ts'
import { outsideTransactions } from './baileys-context.ts'
import { soundSenderKeys } from './baileys-sender-keys.ts'

export interface KeyGuard {
  /** False once the connection is gone: nothing of it reads or writes any more. */
  isAlive(): boolean
  /** Called before the failure is passed on. */
  onFailure(error: unknown): void
}

export function guardedKeyStore(auth: AuthState, guard: KeyGuard): SignalKeyStore {
  let hasFailed = false
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    if (hasFailed || !guard.isAlive()) throw new AppError('socket-closed', 'the connection is gone')
    try {
      return await outsideTransactions(work)
    } catch (error) {
      // Baileys takes a session that it could not read for one that is not there, and would write a new one over it.
      hasFailed = true
      guard.onFailure(error)
      throw error
    }
  }
  return {
    get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
      const values = await attempt(() => auth.keys.get(type, ids))
      if (type === 'app-state-sync-key') reviveSyncKeys(values)
      // Those of an earlier release may still lie there as Baileys wrote them.
      if (type === 'sender-key') return soundSenderKeys(values) as { [id: string]: SignalDataTypeMap[T] }
      // The store gives back what Baileys wrote under this type.
      return values as { [id: string]: SignalDataTypeMap[T] }
    },
    set: (changes: SignalDataSet) => {
      const senderKeys = changes['sender-key']
      const sound = senderKeys === undefined ? {} : { 'sender-key': soundSenderKeys(senderKeys) }
      return attempt(() => auth.keys.set({ ...changes, ...sound }))
    },
  }
}

/** Baileys expects a protobuf message here and plain values everywhere else. */
function reviveSyncKeys(values: Record<string, unknown>): void {
  for (const [id, value] of Object.entries(values)) {
    if (typeof value === 'object' && value !== null) {
      values[id] = proto.Message.AppStateSyncKeyData.fromObject(value)
    }
  }
}
