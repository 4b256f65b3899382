/**
 * What an owner can do to a stored session from outside the bot: look at it, carry it elsewhere, put it aside. Knows
 * neither terminal nor files. Surprising: before it changes a session it becomes the holder of its lease, as a bot
 * would; a bot that still runs therefore makes it refuse, and one that was killed only makes it wait.
 */

import type { PostgresSessionArchive } from './adapters/postgres-session-archive.ts'
import { AppError, errorCodeOf } from './errors.ts'
import type { Clock } from './ports/clock.ts'
import type { SecureRandom } from './ports/secure-random.ts'
import type { LeaseRow, LeaseStamp, SessionStore } from './ports/session-store.ts'
import { parse } from './session/codec.ts'
import { archivedKeys, openArchive, sealArchive } from './session/session-archive.ts'
import { sleep } from './timing.ts'

export interface SessionToolDeps {
  readonly clock: Clock
  readonly secureRandom: SecureRandom
  readonly store: SessionStore
  readonly archive: PostgresSessionArchive
  readonly sessionId: string
  readonly settings: { readonly leaseDurationMs: number; readonly leasePollIntervalMs: number }
  isPaired(creds: Record<string, unknown>): boolean
  /** Progress, for people. */
  say(line: string): void
}

export interface SessionState {
  readonly sessionId: string
  readonly lease: 'none' | 'held' | 'released'
  readonly epoch: number | undefined
  readonly owner: string | undefined
  /** The terminal cause that halted it. */
  readonly haltedBy: string | undefined
  readonly credentials: 'paired' | 'not paired' | 'none' | 'unreadable' | 'sealed under another key'
  readonly versions: readonly {
    readonly version: number
    readonly writtenAtMs: number
    readonly state: 'readable' | 'corrupt' | 'key-missing'
  }[]
  readonly keys: number | undefined
  readonly unreadableKeys: number | undefined
  readonly putAside: readonly { readonly name: string; readonly versions: number; readonly keys: number }[]
}

/** Something the tool will not do; the message says why and what to do. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

export class SessionTool {
  readonly #deps: SessionToolDeps
  readonly #owner: string

  constructor(deps: SessionToolDeps) {
    this.#deps = deps
    this.#owner = deps.secureRandom.uuid()
  }

  async state(): Promise<SessionState> {
    const { store, archive, sessionId } = this.#deps
    if (!(await archive.hasTables())) return emptyState(sessionId)
    const row = await store.readLease()
    const versions = await store.readCredsHistory()
    const whole = await archive.readAll().catch((error: unknown) => {
      if (!isUnreadable(error)) throw error
    })
    return {
      sessionId,
      lease: leaseWord(row),
      epoch: row?.epoch,
      owner: row?.owner,
      haltedBy: row?.haltedBy,
      credentials: this.#credentialsWord(versions[0]),
      versions: versions.map(({ version, writtenAtMs, problem }) => ({
        version,
        writtenAtMs,
        state: problem ?? 'readable',
      })),
      keys: whole?.keys.length,
      unreadableKeys: whole?.unreadableKeys,
      putAside: await archive.listAside(),
    }
  }

  /**
   * The sealed text of the session, or of one that was put aside.
   * @throws Refusal when there is nothing paired, or when a bot may be using it and `isLive` is not set
   */
  async export(options: {
    readonly passphrase: string
    readonly isLive: boolean
    readonly aside: string | undefined
  }): Promise<string> {
    const { archive, clock, secureRandom, sessionId } = this.#deps
    if (!(await archive.hasTables())) throw new Refusal('this database holds no session: nothing to export')
    if (options.aside === undefined && !options.isLive) await this.#assertNotInUse()
    const { creds, keys, unreadableKeys } = await archive.readAll(options.aside)
    if (creds === undefined || !this.#isPairedText(creds)) {
      throw new Refusal(`session ${options.aside ?? sessionId} is not paired: nothing to export`)
    }
    if (unreadableKeys > 0) this.#deps.say(`left out ${unreadableKeys} keys whose rows are damaged`)
    const content = { sessionId, exportedAtMs: clock.nowMs(), creds, keys }
    return sealArchive(content, options.passphrase, secureRandom)
  }

  /**
   * Writes the session of an export, all or nothing.
   * @throws Refusal when there is a session already and `isReplacing` is not set, or a bot uses it; AppError
   *   `archive-invalid`, `archive-locked`, `store-*`
   */
  async import(options: {
    readonly text: string
    readonly passphrase: string
    readonly isReplacing: boolean
  }): Promise<{ readonly keys: number; readonly putAside: string | undefined }> {
    const { store, clock } = this.#deps
    const session = openArchive(options.text, options.passphrase)
    if (!this.#isPairedText(session.creds)) {
      throw new AppError('archive-invalid', 'the session export holds no paired session')
    }
    const isThere = (await store.readCredsHistory()).length > 0
    if (isThere && !options.isReplacing) {
      throw new Refusal(`session ${this.#deps.sessionId} exists already; --replace puts it aside first`)
    }
    const putAside = isThere ? await this.#putAside(await this.#freeLease()) : undefined
    const { epoch } = await this.#take(await this.#freeLease())
    try {
      const head = { epoch, sequence: 1, nowMs: clock.nowMs() }
      const outcome = await store.commit({ ...head, creds: session.creds, keys: archivedKeys(session) })
      if (outcome !== 'written') throw new Refusal('a bot took the session meanwhile: nothing was imported')
    } finally {
      await store.releaseLease({ owner: this.#owner, epoch })
    }
    return { keys: session.keys.length, putAside }
  }

  /** Puts the session aside, so that the next start of the bot pairs anew. @throws Refusal when a bot uses it */
  async reset(): Promise<string> {
    const { archive, store, sessionId } = this.#deps
    const isThere = (await archive.hasTables()) && (await store.readCredsHistory()).length > 0
    const row = isThere ? await this.#freeLease() : undefined
    if (row === undefined) throw new Refusal(`there is no session ${sessionId} in this database`)
    return this.#putAside(row)
  }

  async #assertNotInUse(): Promise<void> {
    const row = await this.#deps.store.readLease()
    if (row === undefined || row.isReleased) return
    throw new Refusal(
      'a bot holds this session, or was killed: stop it first, or it goes on and the export is out of date. --live exports all the same',
    )
  }

  /** The lease row when nobody uses it any more; undefined when it was never taken. */
  async #freeLease(): Promise<LeaseRow | undefined> {
    const { store, clock, settings } = this.#deps
    const first = await store.readLease()
    if (first === undefined || first.isReleased) return first
    this.#deps.say(
      `the session is held; looking for ${settings.leaseDurationMs / 1_000} s whether its bot lives`,
    )
    const untilMs = clock.monotonicMs() + settings.leaseDurationMs
    for (let row: LeaseRow | undefined = first; isSameStamp(row, first);) {
      if (row?.isReleased === true || clock.monotonicMs() >= untilMs) return row
      await sleep(clock, 'session-tool.wait', settings.leasePollIntervalMs)
      row = await store.readLease()
    }
    throw new Refusal('a bot is using this session: stop it first (heroku ps:scale web=0)')
  }

  async #take(expected: LeaseRow | undefined): Promise<LeaseRow> {
    const row = await this.#deps.store.takeLease({ owner: this.#owner, expected: stampOf(expected) })
    if (row === undefined) throw new Refusal('a bot took the session meanwhile: stop it first')
    return row
  }

  async #putAside(row: LeaseRow | undefined): Promise<string> {
    const expected = stampOf(row)
    const name =
      expected === undefined ? undefined : await this.#deps.archive.putAside({ owner: this.#owner, expected })
    if (name === undefined) throw new Refusal('a bot took the session meanwhile: stop it first')
    return name
  }

  /** False also for what cannot be parsed. */
  #isPairedText(text: string): boolean {
    const creds = parsed(text)
    return typeof creds === 'object' && creds !== null && this.#deps.isPaired({ ...creds })
  }

  #credentialsWord(
    newest:
      | { readonly value: string | undefined; readonly problem: 'corrupt' | 'key-missing' | undefined }
      | undefined,
  ): SessionState['credentials'] {
    if (newest === undefined) return 'none'
    if (newest.problem === 'key-missing') return 'sealed under another key'
    if (newest.value === undefined || parsed(newest.value) === undefined) return 'unreadable'
    return this.#isPairedText(newest.value) ? 'paired' : 'not paired'
  }
}

function parsed(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

function emptyState(sessionId: string): SessionState {
  return {
    sessionId,
    lease: 'none',
    epoch: undefined,
    owner: undefined,
    haltedBy: undefined,
    credentials: 'none',
    versions: [],
    keys: 0,
    unreadableKeys: 0,
    putAside: [],
  }
}

function leaseWord(row: LeaseRow | undefined): SessionState['lease'] {
  if (row === undefined) return 'none'
  return row.isReleased ? 'released' : 'held'
}

function stampOf(row: LeaseRow | undefined): LeaseStamp | undefined {
  return row === undefined ? undefined : { epoch: row.epoch, counter: row.counter }
}

function isSameStamp(row: LeaseRow | undefined, other: LeaseStamp): boolean {
  return row?.epoch === other.epoch && row.counter === other.counter
}

function isUnreadable(error: unknown): boolean {
  const code = errorCodeOf(error)
  return code === 'store-corrupt' || code === 'encryption-key-missing'
}
