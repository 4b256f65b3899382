/**
 * Signal sessions kept from harm by the search for the right one. libsignal tries a message on each session with its
 * sender, the newest first, and a try that fails leaves its marks: the ratchet was stepped by a key that belongs to
 * another session. When a later one opens the message, the whole record is stored, and what the marked session
 * encrypts from then on nobody can read ("Bad MAC"). There are two sessions whenever both sides have begun one, as
 * after a restart, when devices are asked for anew while messages of the old session are still on their way. So of a
 * record that was tried only the session that opened the message is taken; the others stay as they were.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { SignalDataSet, SignalDataTypeMap, SignalKeyStoreWithTransaction } from '@whiskeysockets/baileys'

interface SessionForm {
  readonly indexInfo: { readonly used: number }
}

/** A record as libsignal serialises it. */
interface RecordForm {
  readonly _sessions: Readonly<Record<string, SessionForm>>
}

/** Records as they were before the search that is under way, by id. */
const searched = new AsyncLocalStorage<Map<string, RecordForm>>()

/** Runs the decryption of a message that any session of its sender may have sealed. */
export function searchingSessions<T>(decrypt: () => Promise<T>): Promise<T> {
  return searched.run(new Map(), decrypt)
}

/** The same keys, whose session records bear a search. */
export function harmlessSearches(keys: SignalKeyStoreWithTransaction): SignalKeyStoreWithTransaction {
  return {
    ...keys,
    get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
      const values = await keys.get(type, ids)
      const before = searched.getStore()
      if (type !== 'session' || before === undefined) return values
      const marked = Object.entries(values).map(([id, record]) => [id, markedRecord(before, id, record)])
      return Object.fromEntries(marked) as typeof values
    },
    set: async (changes: SignalDataSet) => {
      const before = searched.getStore()
      const { session } = changes
      if (before === undefined || session === undefined) return keys.set(changes)
      const kept = Object.entries(session).map(([id, record]) => [
        id,
        onlyOpenedChanged(before.get(id), record),
      ])
      return keys.set({ ...changes, session: Object.fromEntries(kept) as typeof session })
    },
  }
}

/** libsignal notes the time, whole ms, in the session that has opened a message: half a ms tells all others. */
function markedRecord(before: Map<string, RecordForm>, id: string, record: unknown): unknown {
  if (!isRecord(record)) return record
  before.set(id, record)
  return {
    ...record,
    _sessions: mapSessions(record, (session) => ({
      ...session,
      indexInfo: { ...session.indexInfo, used: Math.floor(session.indexInfo.used) - 0.5 },
    })),
  }
}

function onlyOpenedChanged(before: RecordForm | undefined, after: unknown): unknown {
  if (before === undefined || !isRecord(after)) return after
  const { _sessions: untouched } = before
  const keep = (session: SessionForm, key: string): SessionForm =>
    Number.isInteger(session.indexInfo.used) ? session : (untouched[key] ?? session)
  return { ...after, _sessions: mapSessions(after, keep) }
}

function mapSessions(
  { _sessions: sessions }: RecordForm,
  change: (session: SessionForm, key: string) => SessionForm,
): Record<string, SessionForm> {
  return Object.fromEntries(Object.entries(sessions).map(([key, session]) => [key, change(session, key)]))
}

function isRecord(value: unknown): value is RecordForm {
  return typeof value === 'object' && value !== null && '_sessions' in value
}
