/**
 * The line to the phone that links the bot: the fake WhatsApp's admin interface. The newest QR or code counts; it is
 * tried again while it may be too early (a code is shown before WhatsApp has heard of it) or the server is refusing
 * connections. Neither its timers nor its sockets keep the bot's process alive.
 */

import { post } from './admin-post.mjs'

const RETRY_MS = 200
/** A refusal for good is reported after this long of trying; a QR lives for 20 to 60 s. */
const REPORT_AFTER_TRIES = 10
const MAX_TRIES = 300

export class PhoneLine {
  #adminUrl
  #account
  #write
  #newest = ''

  constructor({ adminUrl, account, write }) {
    this.#adminUrl = adminUrl
    this.#account = account
    this.#write = write
  }

  scan(qr) {
    this.#offer('scan', { qr })
  }

  enter(code) {
    this.#offer('pairing-code', { code })
  }

  #offer(path, body) {
    const key = JSON.stringify(body)
    if (key === this.#newest) return
    this.#newest = key
    // Not at once: the bot hears of it first, and Baileys answers what it was asked.
    later(RETRY_MS, () => this.#try(path, body, key, 1))
  }

  #try(path, body, key, tries) {
    if (key !== this.#newest) return
    post(`${this.#adminUrl}/${path}`, { ...body, account: this.#account }, (refusal) => {
      if (refusal === undefined) {
        this.#write({ what: 'linked', by: path })
        return
      }
      if (tries === REPORT_AFTER_TRIES) this.#write({ what: 'refused', by: path, why: refusal })
      if (tries < MAX_TRIES) later(RETRY_MS, () => this.#try(path, body, key, tries + 1))
    })
  }
}

function later(delayMs, action) {
  setTimeout(() => action(), delayMs).unref()
}
