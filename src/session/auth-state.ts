/**
 * Credentials and Signal keys as the WhatsApp library needs them, kept in the session store under one epoch.
 * Owns the key cache and the moment of serialising (at the call: the library mutates its objects later);
 * order and bounds of writes are commit-queue.ts's, sealing rows the store's.
 * Surprising: `get` waits for queued writes of the ids it asks for. The library expects to read what it wrote,
 * yet nothing may be built on a write before it is durable; so the answer is given after the commit, and the
 * cache is never ahead of the database. When that write fails, `get` reads what the database really has.
 */

import { AppError, errorCodeOf } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { KeyChange, SessionStore } from '../ports/session-store.ts'
import type { AuthState, Credentials, SignalKeyChanges } from '../ports/whatsapp-socket.ts'
import { parse, serialise } from './codec.ts'
import { CommitQueue, keyName } from './commit-queue.ts'
import type { CommitQueueSettings, SessionWrite } from './commit-queue.ts'
import { KeyCache } from './key-cache.ts'
import { findCreds } from './snapshot-ladder.ts'
import type { LadderDeps } from './snapshot-ladder.ts'

export interface AuthStateSettings extends CommitQueueSettings {
  /** Bound of the key cache; 0 turns it off. */
  readonly keyCacheBytes: number
}

export interface AuthStateDeps extends LadderDeps {
  readonly store: LadderDeps['store'] & Pick<SessionStore, 'readKeys'>
  readonly settings: AuthStateSettings
}

export interface OpenedAuthState {
  /**
   * Writes reject `queue-full`, `lease-lost` (that write and all later ones), `aborted` (closed) or with the
   * store's error; reads reject `aborted` or with the store's error.
   */
  readonly auth: AuthState
  /** True when the store had confirmed that there are no credentials; these are not stored before `saveCreds`. */
  readonly isFresh: boolean
  /**
   * Resolves when every write that waits is durable, and the credentials too if an earlier save of them failed;
   * rejects with the first failure among them.
   */
  flush(): Promise<void>
  /** Takes no more reads or writes and drops the waiting ones; a commit in flight runs to its end. */
  close(): void
  keyCacheBytes(): number
  shedKeyCache(): void
}

/**
 * @throws AppError as the ladder does (snapshot-ladder.ts): a read that failed never makes fresh credentials.
 */
export async function openAuthState(deps: AuthStateDeps): Promise<OpenedAuthState> {
  const { creds, stored } = await findCreds(deps)
  const session = new StoredSession(deps, creds, stored)
  return {
    auth: {
      creds,
      keys: {
        get: (type, ids) => session.getKeys(type, ids),
        set: (changes) => session.setKeys(changes),
      },
      saveCreds: () => session.saveCreds(),
    },
    isFresh: stored === undefined,
    flush: () => session.flush(),
    close: () => session.close(),
    keyCacheBytes: () => session.cache.bytes,
    shedKeyCache: () => session.cache.clear(),
  }
}

class StoredSession {
  readonly cache: KeyCache
  readonly #deps: AuthStateDeps
  readonly #creds: Credentials
  readonly #queue: CommitQueue
  /** What the store is known to have; undefined when it has none or that is not known. */
  #storedCreds: string | undefined
  /** A save of credentials failed: they are in memory and perhaps not in the store. */
  #isSaveOwed = false
  /** Keys being read, each with its newest reader: a commit that ends meanwhile makes the answer too old to keep. */
  readonly #readers = new Map<string, symbol>()
  #isClosed = false

  constructor(deps: AuthStateDeps, creds: Credentials, stored: string | undefined) {
    this.#deps = deps
    this.#creds = creds
    this.#storedCreds = stored
    this.cache = new KeyCache({ limitBytes: deps.settings.keyCacheBytes })
    const { store, epoch, clock, settings } = deps
    const nextSequence = (): number => deps.nextSequence()
    const onEnded = (write: SessionWrite, isDurable: boolean): void => this.#noteEnd(write, isDurable)
    this.#queue = new CommitQueue({ store, epoch, nextSequence, clock, settings, onEnded })
  }

  async getKeys(type: string, ids: readonly string[]): Promise<Record<string, unknown>> {
    const earlierWrites = this.#queue.ended(type, ids)
    if (earlierWrites !== undefined) await earlierWrites
    if (this.#isClosed) throw new AppError('aborted', 'the session was closed')
    const values: Record<string, unknown> = {}
    const unknownIds: string[] = []
    for (const id of ids) {
      const cached = this.cache.get(keyName(type, id))
      if (cached === undefined) unknownIds.push(id)
      else if (cached.text !== undefined) values[id] = parse(cached.text)
    }
    if (unknownIds.length > 0) await this.#readInto(values, type, [...new Set(unknownIds)])
    return values
  }

  async setKeys(changes: SignalKeyChanges): Promise<void> {
    const keys: KeyChange[] = []
    for (const [type, values] of Object.entries(changes)) {
      for (const [id, value] of Object.entries(values)) {
        const isDeleted = value === null || value === undefined
        keys.push({ type, id, value: isDeleted ? undefined : serialise(value) })
      }
    }
    if (keys.length > 0) await this.#queue.addKeys(keys)
  }

  async saveCreds(): Promise<void> {
    const text = serialise(this.#creds)
    // The library says "changed" also when nothing has: that would push real versions out of the history.
    if (text === this.#storedCreds && this.#queue.isEmpty && !this.#isClosed) return
    await this.#queue.addCreds(text)
  }

  async flush(): Promise<void> {
    if (this.#isSaveOwed) await this.#queue.addCreds(serialise(this.#creds))
    await this.#queue.flush()
  }

  close(): void {
    this.#isClosed = true
    this.#queue.close()
    this.cache.clear()
  }

  /** One statement for all ids that the cache does not know. */
  async #readInto(values: Record<string, unknown>, type: string, ids: readonly string[]): Promise<void> {
    const reader = Symbol('reader')
    for (const id of ids) this.#readers.set(keyName(type, id), reader)
    try {
      const texts = await this.#readTexts(type, ids)
      for (const id of ids) {
        const text = this.#parseInto(values, type, id, texts.get(id))
        const name = keyName(type, id)
        if (this.#readers.get(name) === reader && !this.#isClosed) this.cache.set(name, text)
      }
    } finally {
      for (const id of ids) {
        const name = keyName(type, id)
        if (this.#readers.get(name) === reader) this.#readers.delete(name)
      }
    }
  }

  /** The text, or undefined when there is none or it cannot be parsed. */
  #parseInto(values: Record<string, unknown>, type: string, id: string, text: string | undefined) {
    try {
      if (text !== undefined) values[id] = parse(text)
      return text
    } catch {
      this.#noteUnreadable(type)
      return undefined
    }
  }

  /**
   * A row that fails its integrity check, or is sealed under a key that was taken away too early, counts as absent:
   * WhatsApp then negotiates that one session anew, while an error would come with each message of that chat and
   * end every connection. (With a wrong key the credentials fail first, and nothing comes this far.)
   */
  async #readTexts(type: string, ids: readonly string[]): Promise<Map<string, string>> {
    try {
      const rows = await this.#deps.store.readKeys({ type, ids })
      return new Map(rows.map((row) => [row.id, row.value]))
    } catch (error) {
      if (!UNREADABLE.has(errorCodeOf(error))) throw error
    }
    const texts = new Map<string, string>()
    if (ids.length === 1) this.#noteUnreadable(type)
    else for (const id of ids) for (const found of await this.#readTexts(type, [id])) texts.set(...found)
    return texts
  }

  #noteUnreadable(type: string): void {
    this.#deps.logger.error('session.key-unreadable', { type })
  }

  #noteEnd({ creds, keys }: SessionWrite, isDurable: boolean): void {
    if (creds !== undefined) {
      this.#storedCreds = isDurable ? creds : undefined
      this.#isSaveOwed = !isDurable
    }
    for (const { type, id, value } of keys) {
      const name = keyName(type, id)
      this.#readers.delete(name)
      if (isDurable && !this.#isClosed) this.cache.set(name, value)
      else this.cache.delete(name)
    }
  }
}

const UNREADABLE: ReadonlySet<ErrorCode | undefined> = new Set(['store-corrupt', 'encryption-key-missing'])
