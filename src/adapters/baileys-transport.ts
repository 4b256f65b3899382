/**
 * Baileys' WebSocket, with what it lacks: a close that ends in time, an end that is immediate, pausing, and no
 * listener that can take the process down. Messages are handed to whoever knows their turn. Surprising: Baileys'
 * listeners are async functions on an event emitter, so one corrupt frame is a rejection that nobody handles, which
 * ends a Node process; each of them is therefore replaced by a guarded one.
 */

import type { EventEmitter } from 'node:events'
import type { BinaryNode } from '@whiskeysockets/baileys'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'

export interface TransportDeps {
  readonly clock: Clock
  /** How long the server may take to answer our close. A black-holed one takes the 30 s of `ws` otherwise. */
  readonly closeGraceMs: number
  /** Baileys has begun to close, for whatever reason. */
  onClosing(): void
  /** The server answered the upgrade by plain HTTP; Baileys would wait for ever. */
  onUpgradeRefused(httpStatus: number): void
  /** A frame that could not be decrypted or decoded; nothing after it can be trusted. */
  onCorruptFrame(error: unknown): void
  /** A message's stanza, to be handled in its turn; a rejection is Baileys' own failure on it. */
  onMessage(stanza: BinaryNode, handle: (stanza: BinaryNode) => Promise<unknown>): Promise<void>
  /** Baileys failed on a stanza; the connection goes on. */
  onHandlerFailed(event: string, error: unknown): void
}

/** What is used of Baileys' client: it passes on the events of the WebSocket it holds in `socket`. */
export type BaileysClient = EventEmitter & { close(): unknown }

/** What is used of the `ws` package's WebSocket. */
interface RawSocket extends EventEmitter {
  readonly readyState: number
  send(data: Uint8Array, callback?: (error?: Error) => void): void
  close(): void
  terminate(): void
  pause(): void
  resume(): void
}

const CLOSED = 3
const MESSAGE = 'CB:message'

export class BaileysTransport {
  readonly #client: BaileysClient
  readonly #deps: TransportDeps

  constructor(client: BaileysClient, deps: TransportDeps) {
    this.#client = client
    this.#deps = deps
    this.#guardListeners()
    client.close = () => this.#close()
    // Text is no part of the protocol; Baileys would take its bytes for a frame's length and wait for the rest.
    client.prependListener('message', (_data: unknown, isBinary: unknown) => {
      if (isBinary === false) deps.onCorruptFrame(new Error('a text frame'))
    })
    client.on('unexpected-response', (_request: unknown, response: { statusCode?: number }) =>
      deps.onUpgradeRefused(response.statusCode ?? 0),
    )
  }

  /** From now on nothing is sent; Baileys' own sends reject. */
  terminate(): void {
    this.#raw()?.terminate()
  }

  /** What is sent from now on leaves, in order, when `ready` resolves; nothing does when it rejects. */
  holdUntil(ready: Promise<unknown>): void {
    const raw = this.#raw()
    if (raw === undefined) return
    const held: (() => void)[] = []
    // Over the prototype's method, which deleting this one brings back.
    Reflect.set(raw, 'send', (...args: Parameters<RawSocket['send']>) => held.push(() => raw.send(...args)))
    const release = (): void => {
      Reflect.deleteProperty(raw, 'send')
      for (const send of held) send()
    }
    ready.then(release, () => undefined)
  }

  pause(): void {
    this.#raw()?.pause()
  }

  resume(): void {
    this.#raw()?.resume()
  }

  /** Rejects what Baileys still waits for, which it would for up to its query's deadline, and lets go of it. */
  dispose(): void {
    this.terminate()
    this.#client.emit('error', new AppError('socket-closed', 'the connection is closed'))
    this.#client.removeAllListeners()
    this.#client.on('error', () => undefined)
  }

  async #close(): Promise<void> {
    this.#deps.onClosing()
    const raw = this.#raw()
    if (raw === undefined || raw.readyState === CLOSED) return
    const gone = new Promise<void>((resolve) => raw.once('close', () => resolve()))
    // While paused it would hear neither the server's answer nor the end.
    raw.resume()
    raw.close()
    const { clock, closeGraceMs } = this.#deps
    const timer = clock.setTimer('whatsapp.close', closeGraceMs, () => raw.terminate())
    await gone
    timer.cancel()
  }

  #guardListeners(): void {
    const client = this.#client
    for (const event of client.eventNames()) {
      const name = String(event)
      for (const listener of client.listeners(event)) {
        client.off(event, listener as (...values: unknown[]) => void)
        const heard = (...values: unknown[]): unknown => listener.apply(client, values)
        client.on(event, (...values: unknown[]) =>
          this.#runGuarded(name, () => (name === MESSAGE ? this.#inTurn(values, heard) : heard(...values))),
        )
      }
    }
  }

  #inTurn([stanza, ...others]: unknown[], heard: (...values: unknown[]) => unknown): Promise<void> {
    // Baileys emits it with the decoded stanza.
    return this.#deps.onMessage(stanza as BinaryNode, async (given) => heard(given, ...others))
  }

  #runGuarded(event: string, listener: () => unknown): void {
    const failed = (error: unknown): void => {
      if (event === 'message') this.#deps.onCorruptFrame(error)
      else this.#deps.onHandlerFailed(event, error)
    }
    try {
      Promise.resolve(listener()).catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  #raw(): RawSocket | undefined {
    const socket: unknown = Reflect.get(this.#client, 'socket')
    return isRawSocket(socket) ? socket : undefined
  }
}

function isRawSocket(value: unknown): value is RawSocket {
  return typeof value === 'object' && value !== null && 'terminate' in value && 'pause' in value
}
