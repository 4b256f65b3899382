/**
 * How store calls appear in the trace: operation, arguments and result, but credentials, keys and texts as
 * digests of their plain form. No SQL, no ciphertext, no connection: a run on Postgres and one in memory
 * give the same lines exactly when the stores answered the same.
 */

import { hash } from 'node:crypto'
import type { MessageJournal } from '../../src/ports/message-journal.ts'
import type { KeyChange, SessionCommit, SessionStore } from '../../src/ports/session-store.ts'
import type { TraceValue } from './trace.ts'

export type StoreOperation = keyof SessionStore | keyof MessageJournal

/** Twelve hex digits of SHA-256: enough to tell values apart, short enough to read. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 12)
}

export function describeArguments(operation: StoreOperation, args: readonly unknown[]): TraceValue {
  if (args.length === 0) return null
  if (operation === 'commit') return describeCommit(args[0] as SessionCommit)
  return plainOf(args[0])
}

export function describeResult(operation: StoreOperation, result: unknown): TraceValue {
  if (operation === 'readCreds') return typeof result === 'string' ? digestOf(result) : null
  return plainOf(result)
}

function describeCommit(commit: SessionCommit): TraceValue {
  return {
    epoch: commit.epoch,
    sequence: commit.sequence,
    nowMs: commit.nowMs,
    ...(commit.creds === undefined ? {} : { creds: digestOf(commit.creds) }),
    ...(commit.keys === undefined ? {} : { keys: commit.keys.map(describeKeyChange) }),
  }
}

function describeKeyChange(change: KeyChange): string {
  return `${change.type}/${change.id}=${change.value === undefined ? 'deleted' : digestOf(change.value)}`
}

/** Fields whose content is secret or private in a real bot. */
const DIGESTED_FIELDS: ReadonlySet<string> = new Set(['value', 'text'])

function plainOf(value: unknown): TraceValue {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) return value.map(plainOf)
  if (typeof value === 'object') {
    const plain: Record<string, TraceValue> = {}
    for (const [name, field] of Object.entries(value)) {
      if (field === undefined) continue
      plain[name] = DIGESTED_FIELDS.has(name) && typeof field === 'string' ? digestOf(field) : plainOf(field)
    }
    return plain
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  throw new TypeError(`a store call holds a ${typeof value}, which the trace cannot show`)
}
