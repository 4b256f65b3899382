/**
 * As much of the Postgres wire protocol (version 3) as a proxy needs: cutting bytes into messages, reading
 * the few it acts on, and writing errors as the server would. postgresql.org/docs/current/protocol-message-formats.html
 */

export interface WireMessage {
  /** One letter; empty for the messages before the protocol's start, which have none. */
  readonly type: string
  /** The whole message, type and length included. */
  readonly bytes: Buffer
}

/** What an untyped first message asks for, by its code. */
export type OpeningRequest = 'startup' | 'ssl' | 'gss' | 'cancel'

const OPENING_CODES: ReadonlyMap<number, OpeningRequest> = new Map([
  [80_877_103, 'ssl'],
  [80_877_104, 'gss'],
  [80_877_102, 'cancel'],
])
/** The server itself refuses longer ones. */
const MAX_MESSAGE_BYTES = 0x3fff_ffff

/** Cuts a stream of bytes into messages; joins the pieces of a large one once, when the last has come. */
export class MessageCutter {
  #pieces: Buffer[] = []
  #waitingBytes = 0
  /** The first messages of a client have no type. */
  #isOpening: boolean

  constructor(side: 'client' | 'server') {
    this.#isOpening = side === 'client'
  }

  /** From now on messages have types. */
  opened(): void {
    this.#isOpening = false
  }

  add(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.#waitingBytes += bytes.length
  }

  /** The next whole message; undefined until more has come. @throws Error for what is no Postgres */
  next(): WireMessage | undefined {
    const headBytes = this.#isOpening ? 0 : 1
    if (this.#waitingBytes < headBytes + 4) return undefined
    if ((this.#pieces[0]?.length ?? 0) < headBytes + 4) this.#join()
    const length = this.#pieces[0]?.readUInt32BE(headBytes) ?? 0
    if (length < 4 || length > MAX_MESSAGE_BYTES) throw new Error('this is not the Postgres protocol')
    const end = headBytes + length
    if (this.#waitingBytes < end) return undefined
    const all = this.#join()
    const bytes = all.subarray(0, end)
    this.#replace(all.subarray(end))
    return { type: this.#isOpening ? '' : bytes.toString('latin1', 0, 1), bytes }
  }

  /** Whatever has not been cut. */
  takeRest(): Buffer {
    const rest = this.#join()
    this.#replace(Buffer.alloc(0))
    return rest
  }

  #join(): Buffer {
    const [first] = this.#pieces
    const all = first !== undefined && this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces)
    this.#replace(all)
    return all
  }

  #replace(bytes: Buffer): void {
    this.#pieces = bytes.length === 0 ? [] : [bytes]
    this.#waitingBytes = bytes.length
  }
}

export function openingRequest(message: WireMessage): OpeningRequest {
  return OPENING_CODES.get(message.bytes.readUInt32BE(4)) ?? 'startup'
}

/** The text of a simple query (Q). */
export function queryText({ bytes }: WireMessage): string {
  return stringAt(bytes, 5)
}

/** Name and text of a prepared statement (Parse, P). */
export function parseParts({ bytes }: WireMessage): { readonly name: string; readonly text: string } {
  const name = stringAt(bytes, 5)
  return { name, text: stringAt(bytes, 5 + Buffer.byteLength(name) + 1) }
}

/** Portal and statement of a Bind (B). */
export function bindParts({ bytes }: WireMessage): { readonly portal: string; readonly statement: string } {
  const portal = stringAt(bytes, 5)
  return { portal, statement: stringAt(bytes, 5 + Buffer.byteLength(portal) + 1) }
}

/** The portal of an Execute (E). */
export function executePortal({ bytes }: WireMessage): string {
  return stringAt(bytes, 5)
}

/** The SQLSTATE of an error (E from the server). */
export function errorState({ bytes }: WireMessage): string | undefined {
  for (let at = 5; at < bytes.length && bytes[at] !== 0;) {
    const value = stringAt(bytes, at + 1)
    if (bytes[at] === 'C'.charCodeAt(0)) return value
    at += 1 + Buffer.byteLength(value) + 1
  }
  return undefined
}

/** The server's process behind a session (BackendKeyData, K). */
export function backendPid({ bytes }: WireMessage): number {
  return bytes.readInt32BE(5)
}

/** `I`: idle, `T`: in a transaction, `E`: in a failed one (ReadyForQuery, Z). */
export function readyStatus({ bytes }: WireMessage): string {
  return bytes.toString('latin1', 5, 6)
}

/** A simple query of the proxy's own. */
export function query(text: string): Buffer {
  return typed('Q', Buffer.from(`${text}\0`))
}

/** A FATAL error as the server sends it before it closes a connection. */
export function fatalError(sqlState: string, message: string): Buffer {
  const fields = { S: 'FATAL', V: 'FATAL', C: sqlState, M: message }
  const text = Object.entries(fields).map(([name, value]) => `${name}${value}\0`)
  return typed('E', Buffer.from(`${text.join('')}\0`))
}

function typed(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type, 'latin1')
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

function stringAt(bytes: Buffer, start: number): string {
  return bytes.toString('utf8', start, bytes.indexOf(0, start))
}
