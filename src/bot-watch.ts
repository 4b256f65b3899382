/**
 * Watches the bot's ports from outside: counts what passes and keeps when the database and WhatsApp last
 * answered. Owns no decision and delays nothing: every call goes through unchanged, its outcome is noted on
 * the side, so a watched bot behaves like an unwatched one to the last microtask. Counters begin at 0 with
 * each process.
 */

import type { BotPorts } from './bot-ports.ts'
import type { Config } from './config.ts'
import type { ConnectionStatus } from './connection/connection-status.ts'
import { errorCodeOf } from './errors.ts'
import type { ErrorCode } from './errors.ts'
import type { Clock } from './ports/clock.ts'
import type { SessionStore } from './ports/session-store.ts'
import type { ConnectOptions, WhatsappConnector, WhatsappSocket } from './ports/whatsapp-socket.ts'

/** Wall-clock times are ms since 1970. */
export interface DatabaseReport {
  /** True when its last answer was a good one and is recent; a hanging database counts as away in time. */
  readonly isReachable: boolean
  readonly lastAnswerAtMs: number | undefined
  readonly lastFailureAtMs: number | undefined
  /** Code of the last failure, until an answer has come. */
  readonly failure: string | undefined
}

export interface BotCounters {
  readonly storeCalls: number
  readonly storeFailures: number
  /** Commits of credentials and keys. */
  readonly sessionWrites: number
  readonly sessionWriteFailures: number
  /** Time that the finished commits took, together. */
  readonly sessionWriteMs: number
  readonly connectAttempts: number
  readonly connectionsOpened: number
  /** Ended connections and attempts by cause. */
  readonly disconnects: Readonly<Record<string, number>>
  readonly messagesReceived: number
  readonly messagesSent: number
  readonly messagesConfirmed: number
  readonly messagesRefused: number
}

export interface WatchReport {
  readonly database: DatabaseReport
  readonly counters: BotCounters
  /** When the last message came in; wall clock. */
  readonly lastMessageAtMs: number | undefined
}

/** These say that the database answered: what is wrong is the row, or our right to it. */
const ANSWERS: ReadonlySet<ErrorCode> = new Set(['store-broken', 'store-corrupt', 'encryption-key-missing'])
/** A statement may take so long (the pool's deadlines) before its failure is known. */
const STATEMENT_MS = 20_000

export class BotWatch {
  /** The ports, watched: give these to the bot. */
  readonly ports: BotPorts
  readonly #clock: Clock
  readonly #freshMs: number
  readonly #counters = {
    storeCalls: 0,
    storeFailures: 0,
    sessionWrites: 0,
    sessionWriteFailures: 0,
    sessionWriteMs: 0,
    connectAttempts: 0,
    connectionsOpened: 0,
    messagesReceived: 0,
    messagesSent: 0,
    messagesConfirmed: 0,
    messagesRefused: 0,
  }
  readonly #disconnects = new Map<string, number>()
  #connectionState: string | undefined
  #answeredAt: { readonly monotonicMs: number; readonly wallMs: number } | undefined
  #failedAtMs: number | undefined
  #failure: string | undefined
  #lastMessageAtMs: number | undefined

  constructor(ports: BotPorts, config: Pick<Config, 'leaseRenewIntervalMs' | 'leasePollIntervalMs'>) {
    this.#clock = ports.clock
    // The lease asks the database at these intervals, whatever else happens.
    this.#freshMs = 2 * Math.max(config.leaseRenewIntervalMs, config.leasePollIntervalMs) + STATEMENT_MS
    const { prepareStore } = ports
    this.ports = {
      ...ports,
      ...(prepareStore === undefined ? {} : { prepareStore: () => this.#noted(prepareStore()) }),
      sessionStore: this.#watchStore(this.#watchCommits(ports.sessionStore)),
      messageJournal: this.#watchStore(ports.messageJournal),
      connector: this.#watchConnector(ports.connector),
    }
  }

  /** Told of each change of the connection. */
  connectionChanged(status: ConnectionStatus): void {
    const hasEnded = status.state === 'ending' && this.#connectionState !== 'ending'
    this.#connectionState = status.state
    if (!hasEnded || status.cause === undefined) return
    this.#disconnects.set(status.cause, (this.#disconnects.get(status.cause) ?? 0) + 1)
  }

  report(): WatchReport {
    const answeredMs = this.#answeredAt?.monotonicMs
    const isFresh = answeredMs !== undefined && this.#clock.monotonicMs() - answeredMs <= this.#freshMs
    return {
      database: {
        isReachable: isFresh && this.#failure === undefined,
        lastAnswerAtMs: this.#answeredAt?.wallMs,
        lastFailureAtMs: this.#failedAtMs,
        failure: this.#failure,
      },
      counters: { ...this.#counters, disconnects: Object.fromEntries(this.#disconnects) },
      lastMessageAtMs: this.#lastMessageAtMs,
    }
  }

  #watchConnector(connector: WhatsappConnector): WhatsappConnector {
    return passing(connector, {
      connect: (options) => {
        this.#counters.connectAttempts += 1
        return this.#watchSocket(connector.connect(this.#watchOptions(options)))
      },
    })
  }

  #watchOptions(options: ConnectOptions): ConnectOptions {
    return {
      ...options,
      accept: (message) => {
        this.#counters.messagesReceived += 1
        this.#lastMessageAtMs = this.#clock.nowMs()
        return options.accept(message)
      },
      onEvent: (event) => {
        if (event.type === 'open') this.#counters.connectionsOpened += 1
        if (event.type === 'ack') {
          if (event.errorCode === undefined) this.#counters.messagesConfirmed += 1
          else this.#counters.messagesRefused += 1
        }
        options.onEvent(event)
      },
    }
  }

  #watchSocket(socket: WhatsappSocket): WhatsappSocket {
    return passing(socket, {
      send: (message) => {
        this.#counters.messagesSent += 1
        return socket.send(message)
      },
    })
  }

  /** Every call that gives a promise is a statement. */
  #watchStore<T extends object>(store: T): T {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(member, target, args)
          return result instanceof Promise ? this.#noted(result) : result
        }
      },
    })
  }

  /** The same promise; both handlers are given, so it adds no unhandled rejection. */
  #noted<T>(work: Promise<T>): Promise<T> {
    this.#counters.storeCalls += 1
    work.then(
      () => this.#answered(),
      (error: unknown) => this.#failed(error),
    )
    return work
  }

  #watchCommits(store: SessionStore): SessionStore {
    return passing(store, { commit: (commit) => this.#timed(store.commit(commit)) })
  }

  #timed<T>(work: Promise<T>): Promise<T> {
    const beganMs = this.#clock.monotonicMs()
    const ended = (failures: number): void => {
      this.#counters.sessionWrites += 1
      this.#counters.sessionWriteFailures += failures
      this.#counters.sessionWriteMs += this.#clock.monotonicMs() - beganMs
    }
    work.then(
      () => ended(0),
      () => ended(1),
    )
    return work
  }

  #answered(): void {
    this.#answeredAt = { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.nowMs() }
    this.#failure = undefined
  }

  #failed(error: unknown): void {
    this.#counters.storeFailures += 1
    const code = errorCodeOf(error)
    if (code !== undefined && ANSWERS.has(code)) {
      this.#answered()
      return
    }
    this.#failedAtMs = this.#clock.nowMs()
    this.#failure = code ?? 'unknown'
  }
}

/** `target` with some of its methods replaced; the others pass, also those that the port learns later. */
function passing<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get: (object, name) => {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name)
      const member: unknown = Reflect.get(object, name)
      return typeof member === 'function' ? member.bind(object) : member
    },
  })
}
