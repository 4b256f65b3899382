/**
 * What happened in a run, in order: port events, faults, the dyno's life. Checkers listen to the events as
 * they come; the hash over all of them says whether two runs were the same. Only the last lines are kept in
 * memory, because a simulated week has millions.
 */

import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'

export type TraceValue =
  string | number | boolean | null | readonly TraceValue[] | { readonly [key: string]: TraceValue }
export type TraceData = { readonly [key: string]: TraceValue }

export interface TraceEvent {
  /** Virtual ms since the world began. */
  readonly atMs: number
  /** A process such as `web.1-2/bot`, or a part of the world such as `whatsapp`, `dyno`, `fault`. */
  readonly source: string
  /** What happened: a fixed name such as `socket.open`. */
  readonly kind: string
  readonly data: TraceData
}

/** A field as text: itself when it is text, otherwise as JSON; '' when it is missing. */
export function textOf(data: TraceData, field: string): string {
  const value = data[field]
  if (typeof value === 'string') return value
  return value === undefined ? '' : JSON.stringify(value)
}

export type TraceListener = (event: TraceEvent) => void

const HASH_CHUNK_CHARS = 65_536

export class Trace {
  readonly #hash: Hash = createHash('sha256')
  readonly #keepLines: number
  #listeners: TraceListener[] = []
  #lines: string[] = []
  #chunk = ''
  #count = 0

  /** @param keepLines how many of the last lines stay readable (0: hash only). */
  constructor(keepLines: number) {
    this.#keepLines = keepLines
  }

  get count(): number {
    return this.#count
  }

  listen(listener: TraceListener): void {
    this.#listeners.push(listener)
  }

  record(event: TraceEvent): void {
    const line = `${event.atMs} ${event.source} ${event.kind} ${JSON.stringify(event.data)}\n`
    this.#count += 1
    this.#chunk += line
    if (this.#chunk.length >= HASH_CHUNK_CHARS) this.#flush()
    if (this.#keepLines > 0) this.#keep(line)
    for (const listener of this.#listeners) listener(event)
  }

  /** The last lines, oldest first. */
  lines(): readonly string[] {
    return this.#lines.slice(-this.#keepLines).map((line) => line.trimEnd())
  }

  /** SHA-256 over every line so far, as hex. */
  digest(): string {
    this.#flush()
    return this.#hash.copy().digest('hex')
  }

  #flush(): void {
    this.#hash.update(this.#chunk)
    this.#chunk = ''
  }

  #keep(line: string): void {
    this.#lines.push(line)
    if (this.#lines.length >= 2 * this.#keepLines) this.#lines = this.#lines.slice(-this.#keepLines)
  }
}
