/**
 * The session stays whole: no new pairing while one exists, no ratchet step used twice, no state older than
 * what the server has acknowledged, no stale epoch's write accepted, fresh credentials only on a confirmed
 * empty row. Judged from the server's side and from the store's answers.
 */

import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'

export class SessionIntegrityChecker extends Checker {
  #hasSession: boolean
  #newestEpoch = 0
  #lastCredsDigest: string | undefined

  constructor(isPaired: boolean) {
    super('session-integrity')
    this.#hasSession = isPaired
  }

  observe(event: TraceEvent): void {
    const { atMs, kind, data } = event
    if (kind === 'wa.paired') this.#hasSession = true
    if (kind === 'wa.qr' && this.#hasSession) this.broken(atMs, 'a QR is shown although a session exists')
    if (kind === 'wa.counter-reused' && data['isSameText'] !== true) {
      this.broken(atMs, `one ratchet step for two texts in a chat: ${JSON.stringify(data)}`)
    }
    if (kind === 'wa.stale-ratchet') {
      this.broken(atMs, `keys older than what was acknowledged: ${JSON.stringify(data)}`)
    }
    if (kind === 'wa.lost') this.broken(atMs, `a message was given up unread: ${JSON.stringify(data)}`)
    if (kind === 'wa.pre-keys' && Number(data['reusedIds']) > 0) {
      this.broken(atMs, `pre-key ids were used again: ${JSON.stringify(data)}`)
    }
    if (kind === 'store') this.#store(event)
  }

  #store({ atMs, data }: TraceEvent): void {
    const args = data['args'] as { readonly epoch?: number; readonly creds?: string } | null
    const result = data['result']
    if (data['op'] === 'takeLease' && result !== null && result !== undefined) {
      this.#newestEpoch = Math.max(this.#newestEpoch, (result as { readonly epoch: number }).epoch)
    }
    if (result === 'written' && args?.epoch !== undefined && args.epoch < this.#newestEpoch) {
      this.broken(
        atMs,
        `${textOf(data, 'op')} of epoch ${args.epoch} was written under epoch ${this.#newestEpoch}`,
      )
    }
    if (data['op'] === 'commit' && result === 'written' && args?.creds !== undefined) {
      this.#lastCredsDigest = args.creds
    }
    if (data['op'] === 'readCreds' && data['fault'] === undefined && this.#lastCredsDigest !== undefined) {
      if (result !== this.#lastCredsDigest) {
        this.broken(
          atMs,
          `restored credentials ${JSON.stringify(result)} are not the last commit ${this.#lastCredsDigest}`,
        )
      }
    }
  }
}
