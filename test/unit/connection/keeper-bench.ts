/**
 * A keeper on a workbench: a connector that does what the test says, a lease that answers what the test set, a
 * manual clock, and a record of everything the keeper did to them. By default all goes well: attempts are
 * granted, ends come at once, pings and probes are answered; nothing opens by itself.
 */

import { ConnectionKeeper } from '../../../src/connection/connection-keeper.ts'
import type { ConnectionStatus } from '../../../src/connection/connection-keeper.ts'
import type { ConnectionSettings } from '../../../src/connection/connection-settings.ts'
import { AppError, errorCodeOf } from '../../../src/errors.ts'
import type {
  AuthState,
  InboundMessage,
  OutgoingMessage,
  WhatsappConnector,
} from '../../../src/ports/whatsapp-socket.ts'
import type { ChargeOutcome, Lease, LeaseStanding } from '../../../src/session/lease.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { ScriptedSocket } from './scripted-socket.ts'
import { MIDDLE, SETTINGS } from './settings.ts'

export function never(): Promise<never> {
  return new Promise(() => undefined)
}

/** Credentials of one epoch, as the keeper is given them. */
interface BenchAuth {
  readonly epoch: number
  flushes: number
  isClosed: boolean
}

export class KeeperBench {
  readonly clock = new ManualClock()
  readonly logger = new RecordingLogger()
  readonly sockets: ScriptedSocket[] = []
  readonly auths: BenchAuth[] = []
  readonly accepted: InboundMessage[] = []
  readonly acks: [string, number | undefined][] = []
  readonly statuses: ConnectionStatus[] = []
  readonly halts: string[] = []
  charges = 0
  verifications = 0
  standing: LeaseStanding = { status: 'none' }
  onCharge: () => Promise<ChargeOutcome> = () => Promise.resolve({ status: 'granted' })
  onVerify: () => Promise<'held' | 'lost' | 'unreachable'> = () => Promise.resolve('held')
  onOpenAuth: () => Promise<void> = () => Promise.resolve()
  onFlush: () => Promise<void> = () => Promise.resolve()
  onHalt: () => Promise<void> = () => Promise.resolve()
  onKeys: () => Promise<void> = () => Promise.resolve()
  onAccept: () => Promise<void> = () => Promise.resolve()
  /** Lets the test prepare a socket before the keeper has it. */
  onConnect: (socket: ScriptedSocket) => void = () => undefined
  readonly keeper: ConnectionKeeper

  constructor(settings: Partial<ConnectionSettings> = {}) {
    this.keeper = new ConnectionKeeper({
      clock: this.clock,
      random: MIDDLE,
      logger: this.logger,
      connector: this.#connector(),
      lease: this.#lease(),
      openAuth: (epoch) => this.#openAuth(epoch),
      haltSession: (cause) => {
        this.halts.push(cause)
        return this.onHalt()
      },
      accept: (message) => {
        this.accepted.push(message)
        return this.onAccept()
      },
      onPhoneSeen: () => undefined,
      onAck: (messageId, errorCode) => this.acks.push([messageId, errorCode]),
      onStatus: (status) => this.statuses.push(status),
      settings: { ...SETTINGS, ...settings },
    })
  }

  /** The newest socket. */
  get socket(): ScriptedSocket {
    const socket = this.sockets.at(-1)
    if (socket === undefined) throw new Error('no socket was made')
    return socket
  }

  get state(): string {
    return this.keeper.status().state
  }

  /** Sockets made whose end was not asked for. */
  get liveSockets(): number {
    return this.sockets.filter(({ ends }) => ends === 0).length
  }

  async lease(standing: LeaseStanding): Promise<void> {
    this.standing = standing
    this.keeper.leaseChanged(standing)
    await settle()
  }

  hold(epoch = 1): Promise<void> {
    return this.lease({ status: 'held', epoch })
  }

  /** Started with the lease: an attempt has been asked for and answered. */
  async start(): Promise<void> {
    this.standing = { status: 'held', epoch: 1 }
    this.keeper.start()
    await settle()
  }

  async startOpen(): Promise<ScriptedSocket> {
    await this.start()
    this.socket.open()
    return this.socket
  }

  /** Closes the newest socket and lets what follows at once happen. */
  async drop(statusCode: number | undefined): Promise<void> {
    this.socket.close(statusCode)
    await settle()
  }

  /** From a back-off to the next open connection. */
  async reopen(): Promise<ScriptedSocket> {
    const before = this.sockets.length
    await this.clock.advance(
      (this.keeper.status().nextAttemptAtMs ?? this.clock.nowMs()) - this.clock.nowMs(),
    )
    if (this.sockets.length === before) throw new Error(`no new socket while ${this.state}`)
    this.socket.open()
    return this.socket
  }

  logged(event: string): number {
    return this.logger.lines.filter((line) => line.event === event).length
  }

  #connector(): WhatsappConnector {
    return {
      freshCreds: () => ({}),
      isPaired: () => true,
      connect: (options) => {
        const socket = new ScriptedSocket(options)
        this.sockets.push(socket)
        this.onConnect(socket)
        return socket
      },
    }
  }

  #lease(): Lease {
    return {
      standing: () => this.standing,
      chargeAttempt: () => {
        this.charges += 1
        return this.onCharge()
      },
      verify: () => {
        this.verifications += 1
        return this.onVerify()
      },
    }
  }

  async #openAuth(epoch: number): Promise<{ auth: AuthState; flush(): Promise<void>; close(): void }> {
    await this.onOpenAuth()
    const record: BenchAuth = { epoch, flushes: 0, isClosed: false }
    this.auths.push(record)
    return {
      auth: {
        creds: {},
        keys: { get: () => this.onKeys().then(() => ({})), set: () => this.onKeys() },
        saveCreds: () => Promise.resolve(),
      },
      flush: () => {
        record.flushes += 1
        return this.onFlush()
      },
      close: () => {
        record.isClosed = true
      },
    }
  }
}

export function inbound(id = 'in-1'): InboundMessage {
  return { id, chat: 'chat', participant: '', isFromMe: false, sentAtMs: 0, text: '.ping', kind: 'notify' }
}

export function outgoing(id = 'out-1'): OutgoingMessage {
  return { id, chat: 'chat', text: 'pong' }
}

export function storeAway(): Promise<never> {
  return Promise.reject(new AppError('store-unavailable', 'the store is away'))
}

/** The code with which it rejects; undefined when it resolves. */
export function rejectionOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(() => undefined, errorCodeOf)
}
