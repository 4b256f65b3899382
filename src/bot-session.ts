/**
 * The session as the connection needs it: credentials opened under an epoch, and the mark that ends it for
 * good. Owns the opened auth state only to let its key cache be shed.
 */

import { AUTH_STATE_SETTINGS } from './bot-settings.ts'
import { AppError } from './errors.ts'
import type { Clock } from './ports/clock.ts'
import type { Reclaimer } from './ports/reclaimer.ts'
import type { SessionStore } from './ports/session-store.ts'
import type { WhatsappConnector } from './ports/whatsapp-socket.ts'
import { openAuthState } from './session/auth-state.ts'
import type { OpenedAuthState } from './session/auth-state.ts'

export interface BotSessionDeps {
  /** Repeats what a passing failure of the database prevented. */
  readonly store: SessionStore
  readonly clock: Clock
  readonly connector: WhatsappConnector
}

export class BotSession {
  /** Dearer than the adapters' caches: each chat's next message reads its keys from the database again. */
  readonly keyCache: Reclaimer = { name: 'key-cache', cost: 30, reclaim: () => this.#opened?.shedKeyCache() }
  readonly #deps: BotSessionDeps
  #opened: OpenedAuthState | undefined
  /** Of the whole process: an epoch is never shared by two, so their order holds within each epoch. */
  #writes = 0

  constructor(deps: BotSessionDeps) {
    this.#deps = deps
  }

  /** @throws AppError `store-*`, `store-corrupt` or `encryption-key-missing`; never makes credentials of an error */
  async openAuth(epoch: number): Promise<OpenedAuthState> {
    const nextSequence = (): number => ++this.#writes
    this.#opened = await openAuthState({ ...this.#deps, epoch, nextSequence, settings: AUTH_STATE_SETTINGS })
    return this.#opened
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
