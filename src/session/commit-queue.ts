/**
 * The order of a session's writes: one commit in flight, the others wait their turn. Owns order, bounds and the
 * end after a lost lease; repeating a failed commit is the store's wrapper's matter.
 * Surprising: credentials join the last waiting write and are committed with it in one statement. That keeps
 * the order (never ahead of keys queued before them), coalesces a burst into its newest, and saves round trips.
 * Bounds: `maxQueuedWrites` and `maxQueuedBytes`, the commit in flight included; beyond them a write is refused
 * with `queue-full`. An empty queue takes a write of any size, or that write could never be made.
 */

import { Buffer } from 'node:buffer'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { KeyChange, SessionCommit, SessionStore } from '../ports/session-store.ts'

export interface CommitQueueSettings {
  readonly maxQueuedWrites: number
  readonly maxQueuedBytes: number
}

export interface SessionWrite {
  readonly creds: string | undefined
  readonly keys: readonly KeyChange[]
}

export interface CommitQueueDeps {
  readonly store: Pick<SessionStore, 'commit'>
  readonly epoch: number
  /** Greater with each call, over all queues of this epoch: it is what tells an old write from a newer one. */
  nextSequence(): number
  readonly clock: Clock
  readonly settings: CommitQueueSettings
  /** Called when a commit has ended, before its writers learn of it; not durable means not known to be. */
  onEnded(write: SessionWrite, isDurable: boolean): void
}

const REFUSALS = {
  'queue-full': 'too much waits to be written',
  'lease-lost': 'the lease is another’s: nothing may be written any more',
  aborted: 'the session was closed',
} as const
type RefusalCode = keyof typeof REFUSALS

interface QueuedWrite extends SessionWrite {
  creds: string | undefined
  bytes: number
  readonly ended: PromiseWithResolvers<void>
}

export class CommitQueue {
  readonly #deps: CommitQueueDeps
  /** The first one is in flight. */
  #writes: QueuedWrite[] = []
  #bytes = 0
  /** The last unfinished write of each key. */
  readonly #lastWrites = new Map<string, QueuedWrite>()
  #refusal: RefusalCode | undefined

  constructor(deps: CommitQueueDeps) {
    this.#deps = deps
  }

  get isEmpty(): boolean {
    return this.#writes.length === 0
  }

  /**
   * Resolves when this write is durable; rejects `lease-lost`, `aborted` (closed) or what the store threw.
   * @throws AppError `queue-full`, `lease-lost`, `aborted` at once when the write is not taken.
   */
  addKeys(keys: readonly KeyChange[]): Promise<void> {
    const bytes = keys.reduce(
      (sum, { id, value = '' }) => sum + Buffer.byteLength(id) + Buffer.byteLength(value),
      0,
    )
    const write = this.#enqueue({ creds: undefined, keys }, bytes)
    for (const { type, id } of keys) this.#lastWrites.set(keyName(type, id), write)
    return write.ended.promise
  }

  /** Resolves when these credentials or newer ones are durable. Rejects and throws like `addKeys`. */
  addCreds(creds: string): Promise<void> {
    const bytes = Buffer.byteLength(creds)
    const last = this.#writes.length > 1 ? this.#writes.at(-1) : undefined
    if (last === undefined || this.#refusal !== undefined) {
      return this.#enqueue({ creds, keys: [] }, bytes).ended.promise
    }
    const addedBytes = bytes - Buffer.byteLength(last.creds ?? '')
    this.#assertRoomFor(addedBytes)
    last.creds = creds
    last.bytes += addedBytes
    this.#bytes += addedBytes
    return last.ended.promise
  }

  /** Resolves when the present writes of these keys have ended, well or not; undefined when there are none. */
  ended(type: string, ids: readonly string[]): Promise<unknown> | undefined {
    if (this.#lastWrites.size === 0) return undefined
    const writes = ids.map((id) => this.#lastWrites.get(keyName(type, id)))
    const ends = writes.filter((write) => write !== undefined).map((write) => write.ended.promise)
    return ends.length === 0 ? undefined : Promise.allSettled(ends)
  }

  /** Resolves when all present writes are durable; rejects with the first failure among them. */
  async flush(): Promise<void> {
    const results = await Promise.allSettled(this.#writes.map((write) => write.ended.promise))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  /** Takes no more writes and rejects those that wait (`aborted`); the one in flight runs to its end. */
  close(): void {
    this.#refusal ??= 'aborted'
    this.#rejectAll(this.#writes.splice(1))
  }

  #enqueue(change: SessionWrite, bytes: number): QueuedWrite {
    if (this.#refusal !== undefined) throw refusalOf(this.#refusal)
    if (this.#writes.length > 0) {
      if (this.#writes.length >= this.#deps.settings.maxQueuedWrites) throw refusalOf('queue-full')
      this.#assertRoomFor(bytes)
    }
    const write: QueuedWrite = { ...change, bytes, ended: Promise.withResolvers<void>() }
    this.#bytes += bytes
    // #drain never rejects: every failure goes to the writers.
    if (this.#writes.push(write) === 1) void this.#drain()
    return write
  }

  #assertRoomFor(bytes: number): void {
    if (this.#bytes + bytes > this.#deps.settings.maxQueuedBytes) throw refusalOf('queue-full')
  }

  /** Runs while there are writes. */
  async #drain(): Promise<void> {
    for (let write = this.#writes[0]; write !== undefined; write = this.#writes[0]) {
      const failure = await this.#commit(write)
      this.#writes.shift()
      this.#forget(write, failure === undefined)
      if (failure === undefined) write.ended.resolve()
      else write.ended.reject(failure)
      if (this.#refusal !== undefined) this.#rejectAll(this.#writes.splice(0))
    }
  }

  /** The failure, if any. */
  async #commit({ creds, keys }: QueuedWrite): Promise<Error | undefined> {
    const { store, clock, epoch } = this.#deps
    const head = { epoch, sequence: this.#deps.nextSequence(), nowMs: clock.nowMs() }
    const commit: SessionCommit = {
      ...head,
      ...(creds === undefined ? {} : { creds }),
      ...(keys.length === 0 ? {} : { keys }),
    }
    try {
      const outcome = await store.commit(commit)
      if (outcome === 'written') return undefined
      // A newer write of this epoch can only be that of a queue which has replaced this one.
      const code = outcome === 'superseded' ? 'aborted' : 'lease-lost'
      this.#refusal = code
      return refusalOf(code)
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  #rejectAll(writes: readonly QueuedWrite[]): void {
    for (const write of writes) {
      this.#forget(write, false)
      write.ended.reject(refusalOf(this.#refusal ?? 'aborted'))
    }
  }

  #forget(write: QueuedWrite, isDurable: boolean): void {
    this.#bytes -= write.bytes
    for (const { type, id } of write.keys) {
      const name = keyName(type, id)
      if (this.#lastWrites.get(name) === write) this.#lastWrites.delete(name)
    }
    this.#deps.onEnded(write, isDurable)
  }
}

/** One name for type and id; neither holds a NUL, which Postgres could not store. */
export function keyName(type: string, id: string): string {
  return `${type}\0${id}`
}

function refusalOf(code: RefusalCode): AppError {
  return new AppError(code, REFUSALS[code])
}
