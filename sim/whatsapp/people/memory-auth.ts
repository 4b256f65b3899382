/** An auth state that lives in memory, as `makeWASocket` takes it: for tests that need no folder. */

import type { AuthenticationCreds, SignalDataSet, SignalKeyStore } from '@whiskeysockets/baileys'

export interface MemoryAuth {
  readonly creds: AuthenticationCreds
  readonly keys: SignalKeyStore
}

export function memoryAuth(creds: AuthenticationCreds): MemoryAuth {
  const stored = new Map<string, Map<string, unknown>>()
  const keys: SignalKeyStore = {
    get: (type, ids) => {
      const values = stored.get(type)
      const found = ids.map((id) => [id, values?.get(id)] as const).filter(([, value]) => value !== undefined)
      return Object.fromEntries(found) as never
    },
    set: (update: SignalDataSet) => {
      for (const [type, changes] of Object.entries(update)) {
        const values = stored.get(type) ?? new Map<string, unknown>()
        stored.set(type, values)
        for (const [id, value] of Object.entries(changes)) {
          if (value === null || value === undefined) values.delete(id)
          else values.set(id, value)
        }
      }
    },
  }
  return { creds, keys }
}
