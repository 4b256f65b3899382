/**
 * The bot's owner, as far as linking goes: looks at the pairing page through Heroku's router, with the admin token,
 * and types the code that it shows into the phone. The page is all that the owner has, so it is all that is used.
 */

import type { Account } from '../whatsapp/people/account.ts'

export interface OwnerOptions {
  readonly account: Account
  readonly adminToken: string
  /** Of Heroku's router. */
  routerPort(): number
  /** Linked. */
  onPaired(): void
}

const LOOK_MS = 500
const CODE = /class="code">([A-Z0-9-]+)</

export class Owner {
  readonly #options: OwnerOptions
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: OwnerOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setTimeout(() => void this.#look(), LOOK_MS)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  /** Until the device is linked. A code that has run out meanwhile is tried in vain; the next look finds another. */
  async #look(): Promise<void> {
    const { account } = this.#options
    const code = await this.#shownCode().catch(() => undefined)
    if (code !== undefined) {
      await account.enterPairingCode(code).then(
        () => this.#options.onPaired(),
        () => undefined,
      )
    }
    if (!this.#isStopped && account.linkedDevices.length === 0) this.start()
  }

  async #shownCode(): Promise<string | undefined> {
    const url = `http://127.0.0.1:${this.#options.routerPort()}/pairing`
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${this.#options.adminToken}` },
      signal: AbortSignal.timeout(LOOK_MS * 10),
    })
    return CODE.exec(await response.text())?.[1]?.replaceAll('-', '')
  }
}
