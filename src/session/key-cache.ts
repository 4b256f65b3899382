/**
 * Signal keys read or written lately, as serialised text, least recently used first to go. Remembers absence
 * too: WhatsApp asks for sessions that do not exist before it makes them. What is true is the caller's matter.
 * Bound: `limitBytes`, counted as text plus an allowance per entry; an entry larger than that is not kept.
 */

import { Buffer } from 'node:buffer'

/** An allowance for a map's slot, two string headers and the entry; an estimate. */
const ENTRY_OVERHEAD_BYTES = 120

interface Entry {
  /** undefined: the store has confirmed that there is none. */
  readonly text: string | undefined
  readonly bytes: number
}

export class KeyCache {
  readonly #limitBytes: number
  /** Oldest use first. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(options: { readonly limitBytes: number }) {
    this.#limitBytes = options.limitBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** undefined: not known. Counts as a use. */
  get(name: string): { readonly text: string | undefined } | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    this.#entries.delete(name)
    this.#entries.set(name, entry)
    return entry
  }

  /** `text` undefined: there is none. */
  set(name: string, text: string | undefined): void {
    this.delete(name)
    const bytes = ENTRY_OVERHEAD_BYTES + Buffer.byteLength(name) + Buffer.byteLength(text ?? '')
    if (bytes > this.#limitBytes) return
    this.#entries.set(name, { text, bytes })
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#limitBytes) return
      this.delete(oldest)
    }
  }

  delete(name: string): void {
    this.#bytes -= this.#entries.get(name)?.bytes ?? 0
    this.#entries.delete(name)
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }
}
