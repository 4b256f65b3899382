/** The account's logins as the server sees them: whether one is open, whether two were at once, whether a QR was shown. */

import type { ServerEvent } from '../whatsapp/server-event.ts'

export class LoginWatch {
  readonly #isLinked: () => boolean
  readonly #loggedIn = new Set<number>()
  readonly #open = new Set<number>()
  #mostAtOnce = 0
  #qrCodes = 0

  /** @param isLinked whether the account knows a device: only then is a QR one too many */
  constructor(isLinked: () => boolean) {
    this.#isLinked = isLinked
  }

  observe(event: ServerEvent): void {
    const { kind, connection } = event
    if (kind === 'logged-in') {
      this.#loggedIn.add(connection)
      this.#mostAtOnce = Math.max(this.#mostAtOnce, this.#loggedIn.size)
    }
    if (kind === 'open') this.#open.add(connection)
    if (kind === 'registering' && this.#isLinked()) this.#qrCodes += 1
    if (kind !== 'closed') return
    this.#loggedIn.delete(connection)
    this.#open.delete(connection)
  }

  /** Connections that are logged in and have what waited for them. */
  get open(): number {
    return this.#open.size
  }

  /** Since the last call: logins at once at most, and clients of a linked account that came without a session. */
  take(): { readonly mostAtOnce: number; readonly qrCodes: number } {
    const taken = { mostAtOnce: this.#mostAtOnce, qrCodes: this.#qrCodes }
    this.#mostAtOnce = this.#loggedIn.size
    this.#qrCodes = 0
    return taken
  }
}
