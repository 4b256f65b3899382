/**
 * What becomes of a stanza on its way to one client: sent, sent twice, sent late, sent in another order, or
 * swallowed. It stands before the cipher, because a ciphertext that never leaves would spoil all later ones.
 */

import type { Stanza } from '../wire/stanza.ts'
import type { Fault } from './fault.ts'
import type { FaultBoard, FaultOf } from './fault-board.ts'

/** A reordering that waits for more messages waits no longer than this. */
const REORDER_PATIENCE_MS = 50

/** What mailboxes deliver; the rest answers the client. */
const DELIVERIES = new Set(['message', 'receipt', 'notification'])

export interface GateNeeds {
  readonly board: FaultBoard
  /** `lid.device`, once known. */
  device(): string | undefined
  write(stanza: Stanza): void
}

export class OutboundGate {
  readonly #needs: GateNeeds
  /** What was in force before this connection was. */
  readonly #older: ReadonlySet<Fault>
  readonly #timers = new Set<NodeJS.Timeout>()
  #held: Stanza[] = []
  #holdTimer: NodeJS.Timeout | undefined
  #late: { readonly stanza: Stanza; readonly dueMs: number }[] = []

  constructor(needs: GateNeeds) {
    this.#needs = needs
    this.#older = new Set(needs.board.all.map(({ fault }) => fault))
  }

  pass(outgoing: Stanza): void {
    const { board } = this.#needs
    const device = this.#needs.device()
    if (isSilenced(board, device)) return
    if (this.#isUnheard(outgoing, device)) return
    if (outgoing.tag !== 'message') {
      this.#send(outgoing, device)
      return
    }
    if (board.strike('duplicate', device) !== undefined) this.#reorder(outgoing, device)
    this.#reorder(outgoing, device)
  }

  #isUnheard({ tag, attrs }: Stanza, device: string | undefined): boolean {
    const isDelivery = DELIVERIES.has(tag)
    if (!isDelivery && !(tag === 'ack' && attrs['class'] === 'message')) return false
    const holds = (deaf: FaultOf<'deaf'>): boolean =>
      (isDelivery || deaf.isMute === true) && !(deaf.endsWithConnection === true && this.#older.has(deaf))
    return this.#needs.board.strike('deaf', device, holds) !== undefined
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    clearTimeout(this.#holdTimer)
    this.#held = []
    this.#late = []
  }

  #reorder(message: Stanza, device: string | undefined): void {
    const reordering = this.#needs.board.find('reorder', device)
    if (reordering === undefined) {
      this.#send(message, device)
      return
    }
    this.#held.push(message)
    const release = (): void => {
      clearTimeout(this.#holdTimer)
      this.#holdTimer = undefined
      const held = this.#held.splice(0)
      if (held.length > 1) reordering.strike()
      for (const each of held.toReversed()) this.#send(each, device)
    }
    if (this.#held.length >= reordering.fault.window) release()
    else this.#holdTimer ??= setTimeout(release, REORDER_PATIENCE_MS)
  }

  #send(outgoing: Stanza, device: string | undefined): void {
    const delayMs = this.#needs.board.strike('slow', device)?.delayMs ?? 0
    // What waits already goes first, also when the delay has been lifted since.
    if (delayMs === 0 && this.#late.length === 0) {
      this.#needs.write(outgoing)
      return
    }
    this.#late.push({ stanza: outgoing, dueMs: Date.now() + delayMs })
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#writeDue()
    }, delayMs)
    this.#timers.add(timer)
  }

  #writeDue(): void {
    const nowMs = Date.now()
    while (this.#late[0] !== undefined && this.#late[0].dueMs <= nowMs + 1) {
      const next = this.#late.shift()
      if (next !== undefined) this.#needs.write(next.stanza)
    }
  }
}

/** Whether nothing passes, in either direction; counts the strike. */
export function isSilenced(board: FaultBoard, device: string | undefined): boolean {
  return board.strike('stall', device) !== undefined || board.find('black-hole', device) !== undefined
}
