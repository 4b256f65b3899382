/**
 * Which fault of the connection is in force, and whose each strike is. The server has one switch a kind, so
 * of several faults of one kind only the newest acts, and what strikes meanwhile is its alone; when it is
 * lifted, the one before it acts again. A fault without an end is in force until the next of its kind.
 */

import type { WhatsappFaults } from '../fakes/whatsapp-faults.ts'
import { STRIKE_NAMES, beginWhatsapp, endWhatsapp } from './whatsapp-injection.ts'
import type { WhatsappFault } from './whatsapp-injection.ts'

export class WhatsappSpans {
  readonly #whatsapp: WhatsappFaults
  /** By kind, the newest last. */
  readonly #inForce = new Map<WhatsappFault['kind'], WhatsappFault[]>()
  readonly #strikes = new Map<WhatsappFault, number>()
  /** The server's count when strikes were last given to a fault. */
  readonly #countedTo = new Map<WhatsappFault['kind'], number>()

  constructor(whatsapp: WhatsappFaults) {
    this.#whatsapp = whatsapp
  }

  begin(fault: WhatsappFault): void {
    this.#count(fault.kind)
    this.#stackOf(fault.kind).push(fault)
    beginWhatsapp(this.#whatsapp, fault)
  }

  lift(fault: WhatsappFault): void {
    this.#count(fault.kind)
    const stack = this.#stackOf(fault.kind)
    const wasNewest = stack.at(-1) === fault
    stack.splice(stack.indexOf(fault), 1)
    const before = stack.at(-1)
    if (!wasNewest) return
    if (before === undefined) endWhatsapp(this.#whatsapp, fault)
    else beginWhatsapp(this.#whatsapp, before)
  }

  strikesOf(fault: WhatsappFault): number {
    this.#count(fault.kind)
    return this.#strikes.get(fault) ?? 0
  }

  /** Gives what has struck since the last count to the fault in force. */
  #count(kind: WhatsappFault['kind']): void {
    const total = this.#whatsapp.strikes()[STRIKE_NAMES[kind]]
    const fault = this.#stackOf(kind).at(-1)
    const sinceLast = total - (this.#countedTo.get(kind) ?? 0)
    this.#countedTo.set(kind, total)
    if (fault !== undefined) this.#strikes.set(fault, (this.#strikes.get(fault) ?? 0) + sinceLast)
  }

  #stackOf(kind: WhatsappFault['kind']): WhatsappFault[] {
    const known = this.#inForce.get(kind)
    if (known !== undefined) return known
    const created: WhatsappFault[] = []
    this.#inForce.set(kind, created)
    return created
  }
}
