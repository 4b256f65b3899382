/**
 * The credentials of one lease epoch at a time: opened, flushed, kept over a lease that could not be proven
 * for a while, dropped when their epoch is stale. Owns their life, not their content. Surprising: an open that
 * is overtaken by another one closes what it gets, so a slow store cannot leave two of them behind.
 */

import { AppError, errorCodeOf } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { AuthState } from '../ports/whatsapp-socket.ts'
import { withDeadline } from '../timing.ts'

export interface ConnectionAuth {
  readonly auth: AuthState
  /** Resolves when all that was written is committed. Rejects `lease-lost` when the epoch is stale. */
  flush(): Promise<void>
  close(): void
}

export class AuthHolder {
  readonly #deps: {
    readonly clock: Clock
    readonly logger: Logger
    openAuth(epoch: number): Promise<ConnectionAuth>
  }
  #held: { readonly epoch: number; readonly opened: ConnectionAuth } | undefined
  /** Grows with each change of mind: what an older turn opened is closed at once. */
  #turn = 0

  constructor(deps: {
    readonly clock: Clock
    readonly logger: Logger
    openAuth(epoch: number): Promise<ConnectionAuth>
  }) {
    this.#deps = deps
  }

  get auth(): AuthState | undefined {
    return this.#held?.opened.auth
  }

  /**
   * The credentials of `epoch`, with nothing uncommitted: what is held is flushed, else they are opened.
   * @throws AppError as the store does; `lease-lost`; `aborted` when overtaken by another call.
   */
  async ready(epoch: number): Promise<void> {
    if (this.#held?.epoch === epoch) return this.#held.opened.flush()
    this.drop()
    const turn = this.#turn
    const opened = await this.#deps.openAuth(epoch)
    if (turn !== this.#turn) {
      opened.close()
      throw new AppError('aborted', `the credentials of epoch ${epoch} are not wanted any more`)
    }
    this.#held = { epoch, opened }
  }

  /** Closes without flushing: for an epoch that may not write any more. */
  drop(): void {
    this.#turn += 1
    this.#held?.opened.close()
    this.#held = undefined
  }

  /** Flushes, for `timeoutMs` at most, and closes. What a failed flush leaves was never acknowledged. */
  async close(timeoutMs: number): Promise<void> {
    const opened = this.#held?.opened
    if (opened !== undefined) {
      const { clock, logger } = this.#deps
      await withDeadline(clock, 'connection.flush', timeoutMs, opened.flush()).catch((error: unknown) =>
        logger.warn('connection.flush-failed', { code: errorCodeOf(error) }),
      )
    }
    this.drop()
  }
}
