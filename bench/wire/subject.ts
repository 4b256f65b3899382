/**
 * What is measured on the wire, in a process of its own: a Baileys client on one of two kinds of store. `plain` is
 * unmodified Baileys with useMultiFileAuthState, as most bots have it; `ours` is the production adapter on
 * Postgres. Both count messages that they have taken, and how long their store's writes were waited for.
 */

import type { EventEmitter } from 'node:events'
import * as baileys from '@whiskeysockets/baileys'
import pino from 'pino'
import { trustFakeWhatsApp } from '../../sim/whatsapp/wire/certificates.ts'
import { createBaileysConnector } from '../../src/adapters/baileys-connector.ts'
import { silenceLibraryConsole } from '../../src/adapters/baileys-console.ts'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { SystemClock } from '../../src/adapters/system-clock.ts'
import { SystemSecureRandom } from '../../src/adapters/system-secure-random.ts'
import { AUTH_STATE_SETTINGS } from '../../src/bot-settings.ts'
import type { Logger } from '../../src/ports/logger.ts'
import type { AuthState } from '../../src/ports/whatsapp-socket.ts'
import { openAuthState } from '../../src/session/auth-state.ts'
import { createRowCipher } from '../../src/session/encryption.ts'

export interface SubjectOptions {
  readonly kind: 'plain' | 'ours'
  readonly url: string
  /** Of `plain`: the folder. Its credentials are there already. */
  readonly folder: string
  /** Of `ours`: the database, with the session's credentials in it. */
  readonly databaseUrl: string
  readonly sessionId: string
}

export interface Subject {
  /** Resolves when open. */
  connect(): Promise<void>
  end(): Promise<void>
  /** Writes one key, and waits until it is stored. */
  writeKey(id: string, value: unknown): Promise<void>
  readonly taken: number
  /** Time spent waiting for the store's key writes so far. */
  readonly storeMs: number
  /** What outlives a connection and can be listened to. */
  readonly emitters: readonly EventEmitter[]
}

const QUIET: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

export async function createSubject(options: SubjectOptions): Promise<Subject> {
  silenceLibraryConsole()
  trustFakeWhatsApp(baileys)
  return options.kind === 'plain' ? new PlainSubject(options) : OurSubject.open(options)
}

/** Waits of overlapping writes count once. */
class StoreTime {
  totalMs = 0
  #open = 0
  #sinceMs = 0

  async during<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#open === 0) this.#sinceMs = performance.now()
    this.#open += 1
    try {
      return await work()
    } finally {
      this.#open -= 1
      if (this.#open === 0) this.totalMs += performance.now() - this.#sinceMs
    }
  }
}

class PlainSubject implements Subject {
  readonly #options: SubjectOptions
  readonly #time = new StoreTime()
  #auth: Awaited<ReturnType<typeof baileys.useMultiFileAuthState>> | undefined
  #socket: baileys.WASocket | undefined
  readonly emitters = []
  taken = 0

  constructor(options: SubjectOptions) {
    this.#options = options
  }

  get storeMs(): number {
    return this.#time.totalMs
  }

  async connect(): Promise<void> {
    this.#auth ??= await baileys.useMultiFileAuthState(this.#options.folder)
    const { state, saveCreds } = this.#auth
    const set: baileys.SignalKeyStore['set'] = (changes) => this.#time.during(() => state.keys.set(changes))
    const socket = baileys.makeWASocket({
      waWebSocketUrl: this.#options.url,
      auth: { creds: state.creds, keys: { get: (type, ids) => state.keys.get(type, ids), set } },
      logger: pino({ level: 'silent' }),
    })
    this.#socket = socket
    socket.ev.on('creds.update', () => void saveCreds())
    socket.ev.on('messages.upsert', ({ messages }) => {
      this.taken += messages.filter(({ message }) => message?.conversation).length
    })
    await new Promise<void>((resolve) => {
      socket.ev.on('connection.update', ({ connection }) => {
        if (connection === 'open') resolve()
      })
    })
  }

  async end(): Promise<void> {
    await this.#socket?.end(undefined)
  }

  async writeKey(id: string, value: unknown): Promise<void> {
    this.#auth ??= await baileys.useMultiFileAuthState(this.#options.folder)
    await this.#auth.state.keys.set({ session: { [id]: value as Uint8Array } })
  }
}

interface OurNeeds {
  readonly auth: AuthState
  readonly connector: ReturnType<typeof createBaileysConnector>
  readonly time: StoreTime
  readonly pool: EventEmitter
}

class OurSubject implements Subject {
  readonly #auth: AuthState
  readonly #connector: ReturnType<typeof createBaileysConnector>
  readonly #time: StoreTime
  #end: (() => Promise<void>) | undefined
  readonly emitters: readonly EventEmitter[]
  taken = 0

  constructor(needs: OurNeeds) {
    this.#auth = needs.auth
    this.#connector = needs.connector
    this.#time = needs.time
    this.emitters = [needs.pool]
  }

  static async open({ url, databaseUrl, sessionId }: SubjectOptions): Promise<OurSubject> {
    const clock = new SystemClock()
    const pool = createPool({
      databaseUrl,
      maxConnections: 4,
      ssl: 'auto',
      applicationName: 'bench',
      logger: QUIET,
    })
    const cipher = createRowCipher({ sessionId, secureRandom: new SystemSecureRandom(), keys: [] })
    const store = new PostgresSessionStore({ pool, sessionId, cipher })
    const lease = await store.takeLease({ owner: 'bench', expected: await store.readLease() })
    let sequence = 0
    const connector = createBaileysConnector({
      clock,
      logger: QUIET,
      settings: { url },
      readSent: () => Promise.resolve(undefined),
    })
    const { auth } = await openAuthState({
      store,
      epoch: lease?.epoch ?? 0,
      nextSequence: () => (sequence += 1),
      clock,
      logger: QUIET,
      connector,
      settings: AUTH_STATE_SETTINGS,
    })
    const time = new StoreTime()
    const keys = auth.keys
    const timed = {
      ...auth,
      keys: {
        ...keys,
        set: (changes: Parameters<typeof keys.set>[0]) => time.during(() => keys.set(changes)),
      },
    }
    return new OurSubject({ auth: timed, connector, time, pool })
  }

  get storeMs(): number {
    return this.#time.totalMs
  }

  connect(): Promise<void> {
    return new Promise((resolve) => {
      const socket = this.#connector.connect({
        auth: this.#auth,
        accept: (message) => {
          if (message.text !== '') this.taken += 1
          return Promise.resolve()
        },
        onEvent: ({ type }) => {
          if (type === 'open') resolve()
        },
      })
      this.#end = () => socket.end()
    })
  }

  async end(): Promise<void> {
    await this.#end?.()
  }

  writeKey(id: string, value: unknown): Promise<void> {
    return this.#auth.keys.set({ session: { [id]: value } })
  }
}

function nothing(): void {
  // Measured in silence.
}
