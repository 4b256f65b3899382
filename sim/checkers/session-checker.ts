/**
 * The session stays whole: no new pairing while one exists, no ratchet step used twice, no state older than
 * what the server has acknowledged, no write by anybody but the lease holder. Judged from the server's side
 * and from the store's answers. The surprise: who wrote counts, not the epoch that the writer claims.
 */

import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'

/** An answer is under way for so long at most: a write answered within it may have landed before a takeover. */
const ANSWER_MS = 40

export class SessionIntegrityChecker extends Checker {
  #hasSession: boolean
  /** The process that took the lease last. */
  #holder: { readonly process: string; readonly epoch: number; readonly sinceMs: number } | undefined
  #lastCredsDigest: string | undefined

  constructor(isPaired: boolean) {
    super('session-integrity')
    this.#hasSession = isPaired
  }

  observe(event: TraceEvent): void {
    const { atMs, kind, data } = event
    const details = (): string => JSON.stringify(data)
    switch (kind) {
      case 'wa.paired':
        this.#hasSession = true
        break
      case 'wa.connect':
        if (data['isPaired'] === false && this.#hasSession) {
          this.broken(atMs, `${textOf(data, 'process')} connects unpaired although a session exists`)
        }
        break
      case 'wa.qr':
        if (this.#hasSession) this.broken(atMs, 'a QR is shown although a session exists')
        break
      case 'wa.counter-reused':
        if (data['isSameText'] !== true) this.broken(atMs, `one ratchet step for two texts: ${details()}`)
        break
      case 'wa.stale-ratchet':
        this.broken(atMs, `keys older than what was acknowledged: ${details()}`)
        break
      case 'wa.lost':
        this.broken(atMs, `a message was given up unread: ${details()}`)
        break
      case 'wa.pre-keys':
        if (Number(data['reusedIds']) > 0) this.broken(atMs, `pre-key ids were used again: ${details()}`)
        break
      case 'store':
        this.#store(event)
        break
      default:
    }
  }

  #store(event: TraceEvent): void {
    const { data } = event
    if (data['op'] === 'takeLease') this.#taken(event)
    else if (WRITES.has(textOf(data, 'op')) && isAccepted(data['result'])) this.#written(event)
    else if (data['op'] === 'readCreds') this.#restored(event)
  }

  #taken({ atMs, source, data }: TraceEvent): void {
    const row = data['result'] as { readonly epoch: number } | null | undefined
    if (row === null || row === undefined || row.epoch <= (this.#holder?.epoch ?? 0)) return
    this.#holder = { process: source, epoch: row.epoch, sinceMs: atMs }
  }

  #written({ atMs, source, data }: TraceEvent): void {
    const { epoch, creds } = data['args'] as { readonly epoch: number; readonly creds?: string }
    const holder = this.#holder
    if (holder !== undefined && atMs > holder.sinceMs + ANSWER_MS) {
      const write = `${textOf(data, 'op')} by ${source} under epoch ${epoch}`
      const owner = `${holder.process} holds epoch ${holder.epoch}`
      if (source !== holder.process || epoch < holder.epoch) this.broken(atMs, `${write} was taken: ${owner}`)
    }
    if (data['op'] === 'commit' && creds !== undefined) this.#lastCredsDigest = creds
  }

  #restored({ atMs, data }: TraceEvent): void {
    const result = data['result']
    if (result === undefined || data['fault'] !== undefined) return
    if (result === null && this.#hasSession && this.#lastCredsDigest === undefined)
      this.broken(atMs, 'no credentials are stored although a session exists')
    if (this.#lastCredsDigest !== undefined && result !== this.#lastCredsDigest) {
      const found = `restored credentials ${JSON.stringify(result)}`
      this.broken(atMs, `${found} are not the last commit ${this.#lastCredsDigest}`)
    }
  }
}

/** Operations that the lease's epoch fences. */
const WRITES: ReadonlySet<string> = new Set([
  'commit',
  'haltSession',
  'markStarted',
  'prune',
  'recordHandled',
  'recordInbound',
  'renewLease',
  'settleReply',
])

/** True when the store says that the write took effect. */
function isAccepted(result: TraceEvent['data'][string] | undefined): boolean {
  if (typeof result === 'number' || result === 'written') return true
  if (typeof result !== 'object' || result === null || !('status' in result)) return false
  return result['status'] === 'recorded' || result['status'] === 'renewed'
}
