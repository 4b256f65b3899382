/**
 * What WhatsApp keeps for a device until the device has acknowledged it: messages, receipts and notifications,
 * in order. A stanza that was delivered but not acknowledged is delivered again at the next login, marked
 * `offline`. When the limit is reached the oldest stanza is dropped and counted.
 */

import type { Stanza } from '../wire/stanza.ts'

const DEFAULT_LIMIT = 100_000

interface Entry {
  readonly stanza: Stanza
  deliveries: number
}

export class Mailbox {
  readonly #limit: number
  readonly #entries = new Map<number, Entry>()
  /** Entry numbers by class and id, so that an acknowledgement finds its stanza among thousands. */
  readonly #byId = new Map<string, number[]>()
  #nextNumber = 1
  #dropped = 0

  constructor(limit = DEFAULT_LIMIT) {
    this.#limit = limit
  }

  get size(): number {
    return this.#entries.size
  }

  get dropped(): number {
    return this.#dropped
  }

  /** @returns the number by which `markDelivered` knows it */
  add(stanza: Stanza): number {
    if (this.#entries.size >= this.#limit) this.#dropOldest()
    const number = this.#nextNumber++
    this.#entries.set(number, { stanza, deliveries: 0 })
    const key = keyOf(stanza.tag, stanza.attrs['id'])
    this.#byId.set(key, [...(this.#byId.get(key) ?? []), number])
    return number
  }

  markDelivered(number: number): void {
    const entry = this.#entries.get(number)
    if (entry !== undefined) entry.deliveries += 1
  }

  /** Everything that waits, oldest first. */
  waiting(): readonly { readonly number: number; readonly stanza: Stanza; readonly deliveries: number }[] {
    return [...this.#entries].map(([number, entry]) => ({ number, ...entry }))
  }

  /** The device has acknowledged every stanza of this class and id. @returns how many there were */
  settle(stanzaClass: string, id: string | undefined): number {
    const key = keyOf(stanzaClass, id)
    const numbers = this.#byId.get(key) ?? []
    this.#byId.delete(key)
    for (const number of numbers) this.#entries.delete(number)
    return numbers.length
  }

  clear(): void {
    this.#entries.clear()
    this.#byId.clear()
  }

  #dropOldest(): void {
    const oldest = this.#entries.entries().next().value
    if (oldest === undefined) return
    const [number, entry] = oldest
    this.#entries.delete(number)
    const key = keyOf(entry.stanza.tag, entry.stanza.attrs['id'])
    const others = (this.#byId.get(key) ?? []).filter((each) => each !== number)
    if (others.length === 0) this.#byId.delete(key)
    else this.#byId.set(key, others)
    this.#dropped += 1
  }
}

function keyOf(stanzaClass: string, id: string | undefined): string {
  return `${stanzaClass}/${id ?? ''}`
}
