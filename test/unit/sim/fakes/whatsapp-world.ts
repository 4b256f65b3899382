/**
 * A small virtual world around the fake WhatsApp: scheduler, server, processes, and an auth state whose commits
 * take time and outlive the process, as a database's do. Built for these tests alone; defaults are harmless.
 */

import type {
  AuthState,
  ConnectOptions,
  Credentials,
  SocketEvent,
} from '../../../../src/ports/whatsapp-socket.ts'
import type { InboundMessage, WhatsappSocket } from '../../../../src/ports/whatsapp-socket.ts'
import { createFakeConnector } from '../../../../sim/fakes/whatsapp-connector.ts'
import type { FakeConnector } from '../../../../sim/fakes/whatsapp-connector.ts'
import { WhatsappServer } from '../../../../sim/fakes/whatsapp-server.ts'
import { DynoClock, WORLD_EPOCH_MS } from '../../../../sim/world/dyno-clock.ts'
import { PrngStreams, SeededSecureRandom } from '../../../../sim/world/prng.ts'
import { Scheduler } from '../../../../sim/world/scheduler.ts'
import { Trace } from '../../../../sim/world/trace.ts'
import type { TraceEvent } from '../../../../sim/world/trace.ts'
import { VirtualProcess } from '../../../../sim/world/virtual-process.ts'

/** What the database holds: the committed state. */
export class StoredSession {
  creds: Credentials
  keys = new Map<string, unknown>()

  constructor(creds: Credentials) {
    this.creds = creds
  }
}

export class World {
  readonly scheduler = new Scheduler()
  readonly trace = new Trace(10_000)
  readonly events: TraceEvent[] = []
  /** What processes did that they must not. */
  readonly misdeeds: string[] = []
  readonly streams: PrngStreams
  readonly server: WhatsappServer
  /** How long an operation of the store takes, there and back. */
  commitMs = 4
  /** What was on its way to the store when the process was killed takes effect or not. */
  doLateWritesLand = true
  #processCount = 0

  constructor(seed = 'seed') {
    this.streams = new PrngStreams(seed)
    this.trace.listen((event) => this.events.push(event))
    const { scheduler, trace, streams } = this
    this.server = new WhatsappServer({ scheduler, trace, streams })
  }

  kinds(...kinds: string[]): TraceEvent[] {
    return this.events.filter((event) => kinds.includes(event.kind))
  }

  async runMs(durationMs: number): Promise<void> {
    await this.scheduler.run(this.scheduler.nowMs + durationMs)
  }

  boot(stored: StoredSession, adapter: 'sound' | 'plain' = 'sound'): Bot {
    this.#processCount += 1
    return new Bot(this, stored, `bot-${this.#processCount}`, adapter)
  }
}

/** One process with a bot that takes every message and notes what it hears. */
export class Bot {
  readonly process: VirtualProcess
  readonly dynoClock: DynoClock
  readonly connector: FakeConnector
  readonly events: SocketEvent[] = []
  /** World ms of what the phone said, in no order with the events: it answers when it likes. */
  readonly phoneSigns: number[] = []
  readonly accepted: InboundMessage[] = []
  /** Events, accepts and outcomes of sends in the order in which they happened. */
  readonly heard: string[] = []
  readonly auth: AuthState
  socket: WhatsappSocket | undefined
  acceptBehaviour: 'take' | 'reject' | 'hang' = 'take'
  keysBehaviour: 'commit' | 'hang' | 'fail' = 'commit'
  readonly #world: World

  constructor(world: World, stored: StoredSession, id: string, adapter: 'sound' | 'plain') {
    this.#world = world
    const { scheduler, server, streams } = world
    const dynoClock = new DynoClock({ bootedAtMs: scheduler.nowMs, skewMs: 0, driftPpm: 0 })
    this.dynoClock = dynoClock
    const onMisdeed = (message: string): void => {
      world.misdeeds.push(message)
    }
    this.process = new VirtualProcess({ id, scheduler, dynoClock, timerDelayMs: () => 0, onMisdeed })
    const secureRandom = new SeededSecureRandom(streams.stream(`secure.${id}`))
    this.connector = createFakeConnector({
      server,
      scheduler,
      process: this.process,
      streams,
      secureRandom,
      adapter,
    })
    this.auth = this.#openAuth(stored)
  }

  connect(): WhatsappSocket {
    const options: ConnectOptions = {
      auth: this.auth,
      accept: (message) => this.#accept(message),
      onEvent: (event) => {
        if (event.type === 'phone-seen') {
          this.phoneSigns.push(event.atMs - WORLD_EPOCH_MS)
          return
        }
        this.events.push(event)
        this.heard.push(event.type)
      },
    }
    this.socket = this.connector.connect(options)
    return this.socket
  }

  /** Sends without waiting; the outcome is heard as `sent ID` or `failed ID`. */
  send(id: string, chat: string, text = id): void {
    this.socket?.send({ id, chat, text }).then(
      () => this.heard.push(`sent ${id}`),
      (error: unknown) => this.heard.push(`failed ${id}: ${error instanceof Error ? error.message : ''}`),
    )
  }

  closeReports(): (number | string | undefined)[][] {
    return this.events.flatMap((event) =>
      event.type === 'close' ? [[event.report.statusCode, event.report.message]] : [],
    )
  }

  #accept(message: InboundMessage): Promise<void> {
    this.accepted.push(message)
    this.heard.push(`accept ${message.text}`)
    if (this.acceptBehaviour === 'reject') return Promise.reject(new Error('not now'))
    return this.acceptBehaviour === 'hang' ? new Promise(() => {}) : Promise.resolve()
  }

  #openAuth(stored: StoredSession): AuthState {
    const creds = structuredClone(stored.creds)
    return {
      creds,
      keys: {
        get: (type, ids) =>
          this.#later(() => Object.fromEntries(ids.map((id) => [id, stored.keys.get(`${type}/${id}`)]))),
        set: (changes) => {
          if (this.keysBehaviour === 'hang') return new Promise(() => {})
          if (this.keysBehaviour === 'fail') return Promise.reject(new Error('store away'))
          const entries = Object.entries(changes).flatMap(([type, values]) =>
            Object.entries(values).map(([id, value]) => [`${type}/${id}`, value] as const),
          )
          return this.#later(() => {
            for (const [key, value] of entries) {
              if (value === null) stored.keys.delete(key)
              else stored.keys.set(key, structuredClone(value))
            }
          })
        },
      },
      saveCreds: () => {
        const copy = structuredClone(creds)
        return this.#later(() => {
          stored.creds = copy
        })
      },
    }
  }

  #later<T>(perform: () => T): Promise<T> {
    const { scheduler, commitMs } = this.#world
    return new Promise((resolve) => {
      scheduler.schedule('store', commitMs / 2, () => {
        if (!this.process.isAlive && !this.#world.doLateWritesLand) return
        const result = perform()
        scheduler.schedule('store-answer', commitMs / 2, () => this.process.deliver(() => resolve(result)))
      })
    })
  }
}

/** A bot that is logged in on a device paired before. */
export async function openBot(
  world: World,
  adapter: 'sound' | 'plain' = 'sound',
): Promise<{ bot: Bot; stored: StoredSession }> {
  const stored = new StoredSession(world.server.linkedCreds())
  const bot = world.boot(stored, adapter)
  bot.connect()
  await world.runMs(2_000)
  return { bot, stored }
}
