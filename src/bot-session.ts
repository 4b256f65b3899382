/**
 * The session as the connection needs it: credentials opened under an epoch, and the mark that ends it for
 * good. Owns the opened auth state only to let its key cache be shed.
 */

import { AUTH_STATE_SETTINGS } from './bot-settings.ts'
import { AppError, errorCodeOf } from './errors.ts'
import type { ErrorCode } from './errors.ts'
import type { Clock } from './ports/clock.ts'
import type { Logger } from './ports/logger.ts'
import type { Reclaimer } from './ports/reclaimer.ts'
import type { SessionStore } from './ports/session-store.ts'
import type { AuthState, WhatsappConnector } from './ports/whatsapp-socket.ts'
import { openAuthState } from './session/auth-state.ts'
import type { OpenedAuthState } from './session/auth-state.ts'
import type { SessionArchive } from './session/session-archive.ts'
import { sessionRemedy } from './session/snapshot-ladder.ts'

export interface BotSessionDeps {
  /** Repeats what a passing failure of the database prevented. */
  readonly store: SessionStore
  readonly clock: Clock
  readonly logger: Logger
  readonly connector: WhatsappConnector
  /** A session brought from elsewhere, for when there is none here. */
  readImport?(): SessionArchive | undefined
}

export interface SessionTrouble {
  readonly code: ErrorCode
  readonly remedy: string
}

export class BotSession {
  /** Dearer than the adapters' caches: each chat's next message reads its keys from the database again. */
  readonly keyCache: Reclaimer = { name: 'key-cache', cost: 30, reclaim: () => this.#opened?.shedKeyCache() }
  readonly #deps: BotSessionDeps
  #opened: OpenedAuthState | undefined
  /** Of the whole process: an epoch is never shared by two, so their order holds within each epoch. */
  #writes = 0
  #trouble: SessionTrouble | undefined

  constructor(deps: BotSessionDeps) {
    this.#deps = deps
  }

  /** @throws AppError `store-*`, `store-corrupt` or `encryption-key-missing`; never makes credentials of an error */
  async openAuth(epoch: number): Promise<OpenedAuthState> {
    const nextSequence = (): number => ++this.#writes
    try {
      this.#opened = await openAuthState({
        ...this.#deps,
        epoch,
        nextSequence,
        settings: AUTH_STATE_SETTINGS,
      })
      this.#trouble = undefined
      return this.#opened
    } catch (error) {
      this.#noteTrouble(errorCodeOf(error))
      throw error
    }
  }

  /** The keys as last opened, under that epoch; undefined before. */
  keys(): AuthState['keys'] | undefined {
    return this.#opened?.auth.keys
  }

  /** Why the session cannot be used until the owner acts, and what to do; undefined when nothing is known of it. */
  trouble(): SessionTrouble | undefined {
    return this.#trouble
  }

  /** Said once, though it is tried again with each attempt to connect. */
  #noteTrouble(code: ErrorCode | undefined): void {
    const remedy = sessionRemedy(code)
    if (code === undefined || remedy === undefined || this.#trouble?.code === code) return
    this.#trouble = { code, remedy }
    this.#deps.logger.error('session.unusable', { code, remedy })
  }

  /**
   * Records that no process may connect again until the owner acts; nothing is deleted.
   * @throws AppError `lease-lost` without a lease, `store-*` when the database fails
   */
  async halt(cause: string, epoch: number | undefined): Promise<void> {
    const outcome = epoch === undefined ? 'stale-epoch' : await this.#deps.store.haltSession({ epoch, cause })
    if (outcome === 'stale-epoch') throw new AppError('lease-lost', 'the lease is not ours any more')
  }
}
