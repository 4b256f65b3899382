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
import { StatementBook, isCommitted } from './statement-book.ts'
import type { ClientExchange } from './statement-book.ts'
import { MessageCutter, backendPid, errorState, fatalError, openingRequest, query } from './wire.ts'
import type { WireMessage } from './wire.ts'
import type { TrapDoor, TrapSite, TrapVerdict, WriteTrap } from './write-trap.ts'

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
  #server: Socket | undefined
  #toClient: Lane | undefined
  #isReadOnly = false
  #isHalfOpen = false
  /** Bytes pass unread: encrypted, or a request to cancel. */
  #isRaw = false
  #terminatesWhenReady = false
  /** Sprung, and its moment still to come: a client has one statement under way at a time. */
  #trap: WriteTrap | undefined
  #heldBack: Buffer[] = []
  #isClosed = false
  /** Node forgets it when the connection ends. */
  readonly #clientPort: number

  constructor(options: ProxiedConnectionOptions) {
    this.#options = options
    const { client } = options
    this.#clientPort = client.remotePort ?? 0
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
    if (this.#isHalfOpen) {
      this.#swallow()
      return
    }
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
    if (exchange === undefined || this.#struckAtWrite(exchange) || this.#isTrapped(exchange)) return
    if (exchange.texts.length > 0) this.#alignReadOnly()
    this.#send(exchange, 'client')
  }

  /** True when the client has been cut off, or will be. */
  #struckAtWrite(exchange: ClientExchange): boolean {
    const faults = this.#options.faults.of('reset-at-write')
    const active = faults.find(({ fault, strikes = 0 }) => strikes < fault.times)
    const isWrite = exchange.isAnsweredReady && isCommitted(exchange.texts, this.#answers.isInTransaction)
    if (active === undefined || !isWrite) return false
    active.strike()
    if (active.fault.moment === 'unsent') {
      this.reset()
      return true
    }
    this.#send(exchange, 'cut-at-end')
    if (active.fault.moment === 'unanswered') this.#options.client.resetAndDestroy()
    return true
  }

  /** True when a trap has taken it: it goes on later, or never. */
  #isTrapped(exchange: ClientExchange): boolean {
    const trap = exchange.isAnsweredReady ? this.#options.trapDoor.springFor(exchange.names) : undefined
    switch (trap?.moment) {
      case undefined:
        return false
      case 'unsent':
        return trap.onSprung(this.#trapSite()) === 'hold'
      case 'late':
        // Counted as asked already: so the server's end outlives the client's.
        this.#answers.add('cut-at-end')
        trap.onSprung(this.#trapSite(() => void this.#server?.write(exchange.bytes)))
        return true
      case 'committed':
      case 'answered':
        this.#trap = trap
        this.#send(exchange, trap.moment === 'committed' ? 'held' : 'watched')
        return true
    }
  }

  #trapSite(release: () => void = () => undefined): TrapSite {
    return { clientPort: this.#clientPort, release }
  }

  #send({ bytes, isAnsweredReady }: ClientExchange, answer: Answer): void {
    if (isAnsweredReady) this.#answers.add(answer)
    this.#server?.write(bytes)
  }

  /** Only between transactions: within one the server allows a change in one direction only. */
  #alignReadOnly(): void {
    const isWanted = this.#options.faults.first('read-only') !== undefined
    if (isWanted === this.#isReadOnly || !this.#answers.isEmpty || this.#answers.isInTransaction) return
    this.#isReadOnly = isWanted
    this.#answers.add('swallowed')
    const mode = isWanted ? 'READ ONLY' : 'READ WRITE'
    this.#server?.write(query(`SET SESSION CHARACTERISTICS AS TRANSACTION ${mode}`))
  }

  #fromServer(bytes: Buffer): void {
    this.#serverCutter.add(bytes)
    const passed: Buffer[] = []
    try {
      for (let next = this.#serverCutter.next(); next !== undefined; next = this.#serverCutter.next()) {
        passed.push(...this.#passed(next))
      }
    } catch {
      this.reset()
      return
    }
    if (passed.length > 0) this.#toClient?.push(Buffer.concat(passed))
    if (this.#trap?.moment === 'answered' && !this.#answers.includes('watched')) this.#takeTrap()
    if (this.#terminatesWhenReady && this.#answers.isEmpty) this.#sendFatal('57P01')
  }

  /** What the client may see of this answer, and of what was held back before it. */
  #passed(message: WireMessage): readonly Buffer[] {
    const { answer, isLast } = this.#answers.read(message)
    if (message.type === 'K') this.#options.onSession(backendPid(message), this.#clientPort)
    if (message.type === 'E' && errorState(message) === '25006') {
      this.#options.faults.first('read-only')?.strike()
    }
    if (answer === 'held') return this.#heldUntil(message, isLast)
    if (isLast && answer === 'cut-at-end') this.reset()
    return answer === 'client' || answer === 'watched' ? [message.bytes] : []
  }

  #heldUntil({ bytes }: WireMessage, isLast: boolean): readonly Buffer[] {
    this.#heldBack.push(bytes)
    if (!isLast) return []
    const held = this.#heldBack
    this.#heldBack = []
    return this.#takeTrap() === 'hold' ? [] : held
  }

  #takeTrap(): TrapVerdict | undefined {
    const trap = this.#trap
    this.#trap = undefined
    return trap?.onSprung(this.#trapSite())
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
