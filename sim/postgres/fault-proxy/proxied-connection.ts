/**
 * One client's connection: opening → talking → over. It forwards whole exchanges, so that a fault can act
 * between two of them, and knows which answer belongs to whom. Surprising: read-only is asked of the server
 * itself, by statements whose answers are swallowed: what is refused is what a standby would refuse.
 */

import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Random } from '../../../src/ports/random.ts'
import type { ActiveFaults } from './active-faults.ts'
import { AnswerQueue } from './answer-queue.ts'
import type { Answer } from './answer-queue.ts'
import { Lane } from './lane.ts'
import { FATAL_TEXTS } from './proxy-fault.ts'
import type { FatalState } from './proxy-fault.ts'
import { ReadOnlySwitch } from './read-only-switch.ts'
import { StatementBook, isCommitted } from './statement-book.ts'
import type { ClientExchange } from './statement-book.ts'
import { MessageCutter, backendPid, errorState, fatalError, openingRequest } from './wire.ts'
import type { WireMessage } from './wire.ts'
import { TrapKeeper } from './trap-keeper.ts'
import type { TrapDoor } from './write-trap.ts'

export interface ProxiedConnectionOptions {
  readonly client: Socket
  readonly upstream: { readonly host: string; readonly port: number }
  readonly faults: ActiveFaults
  readonly trapDoor: TrapDoor
  readonly random: Random
  /** Whether TLS is passed through; then what it carries cannot be read. */
  readonly passesTls: boolean
  /** The FATAL that a new client is to be greeted with. */
  greeting(): FatalState | undefined
  /** The server has given the client a session of its own, in the process with this id. */
  onSession(backendPid: number, clientPort: number): void
  /** Once, when both ends are over. */
  onClose(): void
}

export class ProxiedConnection {
  readonly #options: ProxiedConnectionOptions
  readonly #toServer: Lane
  readonly #clientCutter = new MessageCutter('client')
  readonly #serverCutter = new MessageCutter('server')
  readonly #book = new StatementBook()
  readonly #answers = new AnswerQueue()
  readonly #readOnly = new ReadOnlySwitch()
  readonly #traps: TrapKeeper
  readonly #clientPort: number
  #server: Socket | undefined
  #toClient: Lane | undefined
  #isHalfOpen = false
  /** Bytes pass unread: encrypted, or a request to cancel. */
  #isRaw = false
  #terminatesWhenReady = false
  #isClosed = false

  constructor(options: ProxiedConnectionOptions) {
    this.#options = options
    const { client } = options
    this.#clientPort = client.remotePort ?? 0
    this.#traps = new TrapKeeper(options.trapDoor, this.#clientPort)
    this.#toServer = this.#lane(client, (bytes) => this.#fromClient(bytes))
    client.setNoDelay(true)
    client.on('error', () => undefined)
    client.on('data', (bytes: Buffer) => this.#toServer.push(bytes))
    // Through the lane: a server behind a black hole does not learn that its client has gone.
    client.once('close', () => this.#toServer.afterwards(() => this.#clientGone()))
  }

  /** Takes one of the server's connection slots. */
  get hasServer(): boolean {
    return this.#server !== undefined && !this.#isHalfOpen
  }

  /** RST to the client; the server sees an ordinary end. */
  reset(): void {
    this.#options.client.resetAndDestroy()
    this.close()
  }

  /** FATAL 57P01: at once when nothing runs, else after the answer. False when it has no session to end. */
  terminate(): boolean {
    if (!this.hasServer || this.#isRaw) return false
    if (!this.#answers.isEmpty) this.#terminatesWhenReady = true
    else this.#sendFatal('57P01')
    return true
  }

  /** The server's end vanishes without a word. */
  loseServer(): void {
    this.#isHalfOpen = true
    this.#server?.destroy()
  }

  /** Faults have changed: held bytes may go. */
  wake(): void {
    this.#toServer.wake()
    this.#toClient?.wake()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#toServer.close()
    this.#toClient?.close()
    this.#options.client.destroy()
    this.#server?.destroy()
    this.#options.onClose()
  }

  /** A write that shall be committed although nobody hears of it is waited for. */
  #clientGone(): void {
    if (!this.#answers.includes('cut-at-end')) this.close()
  }

  #fromClient(bytes: Buffer): void {
    if (this.#isHalfOpen) return this.#swallow()
    if (this.#isRaw) {
      this.#server?.write(bytes)
      return
    }
    this.#clientCutter.add(bytes)
    try {
      for (let next = this.#clientCutter.next(); next !== undefined; next = this.#clientCutter.next()) {
        if (next.type === '') this.#opening(next)
        else this.#message(next)
        if (this.#isRaw || this.#options.client.destroyed) return
      }
    } catch {
      this.reset()
    }
  }

  #swallow(): void {
    const fault = this.#options.faults.first('half-open')
    // A peer that is back knows nothing of the connection.
    if (fault === undefined) this.reset()
    else fault.strikeOnce(this)
  }

  #opening(message: WireMessage): void {
    const { client, passesTls } = this.#options
    const request = openingRequest(message)
    if ((request === 'ssl' && !passesTls) || request === 'gss') {
      client.write('N')
      return
    }
    if (request === 'startup') {
      const fatal = this.#options.greeting()
      if (fatal !== undefined) {
        this.#sendFatal(fatal)
        return
      }
      this.#clientCutter.opened()
    }
    this.#isRaw = request !== 'startup'
    const rest = this.#isRaw ? this.#clientCutter.takeRest() : Buffer.alloc(0)
    this.#openServer().write(Buffer.concat([message.bytes, rest]))
  }

  #openServer(): Socket {
    const { client, upstream } = this.#options
    const server = connect({ ...upstream, noDelay: true })
    const lane = this.#lane(server, (bytes) => void client.write(bytes))
    this.#server = server
    this.#toClient = lane
    server.on('error', () => undefined)
    server.on('data', (bytes: Buffer) => {
      if (this.#isRaw) lane.push(bytes)
      else this.#fromServer(bytes)
    })
    server.once('close', () => {
      if (this.#isHalfOpen) return
      if (client.destroyed) this.close()
      else lane.afterwards(() => client.destroySoon())
    })
    return server
  }

  #lane(source: Socket, deliver: (bytes: Buffer) => void): Lane {
    const { faults, random } = this.#options
    return new Lane({ faults, random, source, connection: this, deliver })
  }

  #message(message: WireMessage): void {
    const exchange = this.#book.add(message)
    if (exchange === undefined || this.#struckAtWrite(exchange)) return
    const way = exchange.isAnsweredReady
      ? this.#traps.meet(exchange.names, () => void this.#server?.write(exchange.bytes))
      : 'client'
    // Counted as asked already: so the server's end outlives the client's.
    if (way === 'late') this.#answers.add('cut-at-end')
    else if (way !== 'stopped') this.#send(exchange, way)
  }

  /** True when the client has been cut off, or will be. */
  #struckAtWrite(exchange: ClientExchange): boolean {
    const faults = this.#options.faults.of('reset-at-write')
    const active = faults.find(({ fault, strikes = 0 }) => strikes < fault.times)
    const isWrite = exchange.isAnsweredReady && isCommitted(exchange.texts, this.#answers.isInTransaction)
    if (active === undefined || !isWrite) return false
    active.strike()
    if (active.fault.moment === 'unsent') this.reset()
    else this.#send(exchange, 'cut-at-end')
    if (active.fault.moment === 'unanswered') this.#options.client.resetAndDestroy()
    return true
  }

  #send({ bytes, texts, isAnsweredReady }: ClientExchange, answer: Answer): void {
    const isReadOnly = this.#options.faults.first('read-only') !== undefined
    if (texts.length > 0) this.#server?.write(this.#readOnly.turn(isReadOnly, this.#answers))
    if (isAnsweredReady) this.#answers.add(answer)
    this.#server?.write(bytes)
  }

  #fromServer(bytes: Buffer): void {
    this.#serverCutter.add(bytes)
    const passed: Buffer[] = []
    try {
      for (let next = this.#serverCutter.next(); next !== undefined; next = this.#serverCutter.next())
        passed.push(...this.#passed(next))
    } catch {
      return this.reset()
    }
    if (passed.length > 0) this.#toClient?.push(Buffer.concat(passed))
    if (!this.#answers.includes('watched')) this.#traps.answered()
    if (this.#terminatesWhenReady && this.#answers.isEmpty) this.#sendFatal('57P01')
  }

  /** What the client may see of this answer, and of what was held back before it. */
  #passed(message: WireMessage): readonly Buffer[] {
    const { answer, isLast } = this.#answers.read(message)
    if (message.type === 'K') this.#options.onSession(backendPid(message), this.#clientPort)
    const isRefusedWrite = message.type === 'E' && errorState(message) === '25006'
    if (isRefusedWrite) this.#options.faults.first('read-only')?.strike()
    if (answer === 'held') return this.#traps.held(message.bytes, isLast)
    if (isLast && answer === 'cut-at-end') this.reset()
    return answer === 'client' || answer === 'watched' ? [message.bytes] : []
  }

  #sendFatal(sqlState: FatalState): void {
    const { client } = this.#options
    const end = (): void => void client.end(fatalError(sqlState, FATAL_TEXTS[sqlState]))
    // After whatever is still on its way to the client.
    if (this.#toClient === undefined) end()
    else this.#toClient.afterwards(end)
    this.#server?.destroy()
  }
}
