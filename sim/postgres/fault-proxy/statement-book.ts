/**
 * Gathers a client's messages into exchanges and knows, for one connection, which SQL they execute, so that
 * a fault can wait for a write. A write is told by its words: SQL that only calls a writing function is not
 * recognised as one.
 */

import { bindParts, executePortal, parseParts, queryText } from './wire.ts'
import type { WireMessage } from './wire.ts'

/** Messages of a client that belong together, and the texts that they execute. */
export interface ClientExchange {
  readonly bytes: Buffer
  readonly texts: readonly string[]
  /** Of the prepared statements among them that have a name. */
  readonly names: readonly string[]
  /** The server will end its answer with ReadyForQuery. */
  readonly isAnsweredReady: boolean
}

/** Parse, Bind, Describe, Execute, Close: never the last of an exchange. */
const GATHERED = 'PBDEC'
const WRITE = /\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE|CREATE|ALTER|DROP|GRANT|REVOKE)\b/i
/** Locks rows, which is no write that a client would wait for. */
const LOCK = /\bFOR\s+(NO\s+KEY\s+)?UPDATE\b/gi
const COMMIT = /^\s*(COMMIT|END)\b/i
const BEGIN = /^\s*(BEGIN|START\s+TRANSACTION)\b/i

export class StatementBook {
  readonly #texts = new Map<string, string>()
  /** Portal → prepared statement. */
  readonly #portals = new Map<string, string>()
  #gathered: WireMessage[] = []

  /** The exchange that this message completes; undefined while it goes on. */
  add(message: WireMessage): ClientExchange | undefined {
    this.#gathered.push(message)
    if (GATHERED.includes(message.type)) return undefined
    const messages = this.#gathered
    this.#gathered = []
    return {
      bytes: Buffer.concat(messages.map(({ bytes }) => bytes)),
      texts: messages.flatMap((each) => this.#executedBy(each)),
      names: messages.flatMap((each) => this.#nameOf(each)),
      isAnsweredReady: message.type === 'Q' || message.type === 'S',
    }
  }

  #executedBy(message: WireMessage): string[] {
    switch (message.type) {
      case 'Q':
        return [queryText(message)]
      case 'P': {
        const { name, text } = parseParts(message)
        this.#texts.set(name, text)
        return []
      }
      case 'B': {
        const { portal, statement } = bindParts(message)
        this.#portals.set(portal, statement)
        return []
      }
      case 'E':
        return [this.#texts.get(this.#portals.get(executePortal(message)) ?? '') ?? '']
      default:
        return []
    }
  }

  #nameOf(message: WireMessage): string[] {
    const name = message.type === 'E' ? this.#portals.get(executePortal(message)) : undefined
    return name === undefined || name === '' ? [] : [name]
  }
}

/** Whether one of the texts makes something durable: a write of its own, or the end of a transaction. */
export function isCommitted(texts: readonly string[], isInTransaction: boolean): boolean {
  return texts.some((text) => {
    if (text.split(';').some((part) => COMMIT.test(part))) return true
    return !isInTransaction && !BEGIN.test(text) && WRITE.test(text.replace(LOCK, ''))
  })
}
