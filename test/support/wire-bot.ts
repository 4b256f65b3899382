/**
 * The Baileys adapter in this process, on a stored session whose writes can be made to hang or fail. Each `connect`
 * opens the session anew, as a process that has just begun.
 */

import type { AuthenticationCreds, WAVersion } from '@whiskeysockets/baileys'
import { createBaileysConnector } from '../../src/adapters/baileys-connector.ts'
import type { BaileysConnector } from '../../src/adapters/baileys-connector.ts'
import type { SentMessage } from '../../src/adapters/baileys-resend.ts'
import type { BaileysSettings } from '../../src/adapters/baileys-settings.ts'
import { SystemClock } from '../../src/adapters/system-clock.ts'
import { AppError } from '../../src/errors.ts'
import type { SessionStore } from '../../src/ports/session-store.ts'
import type { InboundMessage, SocketEvent, WhatsappSocket } from '../../src/ports/whatsapp-socket.ts'
import { openAuthState } from '../../src/session/auth-state.ts'
import type { OpenedAuthState } from '../../src/session/auth-state.ts'
import { serialise } from '../../src/session/codec.ts'
import { InMemoryDatabase } from '../../sim/fakes/in-memory-database.ts'
import { InMemorySessionStore } from '../../sim/fakes/in-memory-session-store.ts'
import { RecordingLogger } from './recording-logger.ts'
import { storeWithCommit } from './store-with-commit.ts'

const AUTH_SETTINGS = { keyCacheBytes: 4_000_000, maxQueuedWrites: 2_000, maxQueuedBytes: 8_000_000 }

/** Short enough for tests, long enough for a busy machine. */
const QUICK: Partial<BaileysSettings> = {
  connectTimeoutMs: 3_000,
  queryTimeoutMs: 3_000,
  pingTimeoutMs: 3_000,
  probeTimeoutMs: 3_000,
  closeGraceMs: 200,
}

export interface WireBotOptions {
  readonly url: string
  /** Of one session; one in memory when not given. */
  readonly store?: SessionStore
  readonly settings?: Partial<BaileysSettings>
  readonly fetchVersion?: () => Promise<WAVersion>
}

export class WireBot {
  readonly logger = new RecordingLogger()
  readonly connector: BaileysConnector
  /** What may be sent again, by message id. */
  readonly sent = new Map<string, SentMessage>()
  keyWrites: 'commit' | 'hang' | 'fail' = 'commit'
  readonly #store: SessionStore
  readonly #clock = new SystemClock()
  readonly #sockets: WhatsappSocket[] = []
  #epoch: number | undefined
  #sequence = 0
  #opened: OpenedAuthState | undefined

  constructor({ url, store, settings, fetchVersion }: WireBotOptions) {
    this.#store = store ?? memoryStore()
    this.connector = createBaileysConnector({
      clock: this.#clock,
      logger: this.logger,
      settings: { ...QUICK, url, ...settings },
      readSent: (messageId) => Promise.resolve(this.sent.get(messageId)),
      ...(fetchVersion === undefined ? {} : { fetchVersion }),
    })
  }

  /** What the newest connection keeps its session in; undefined before the first. */
  get opened(): OpenedAuthState | undefined {
    return this.#opened
  }

  async store(creds: AuthenticationCreds): Promise<void> {
    const epoch = await this.#leased()
    await this.#store.commit({
      epoch,
      sequence: (this.#sequence += 1),
      nowMs: this.#clock.nowMs(),
      creds: serialise(creds),
    })
  }

  async connect(given: {
    accept(message: InboundMessage): Promise<void>
    onEvent(event: SocketEvent): void
  }): Promise<WhatsappSocket> {
    this.#opened = await openAuthState({
      store: this.#failingStore(),
      epoch: await this.#leased(),
      nextSequence: () => (this.#sequence += 1),
      clock: this.#clock,
      logger: this.logger,
      connector: this.connector,
      settings: AUTH_SETTINGS,
    })
    const socket = this.connector.connect({ auth: this.#opened.auth, ...given })
    this.#sockets.push(socket)
    return socket
  }

  async end(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.end()))
  }

  async #leased(): Promise<number> {
    const expected = await this.#store.readLease()
    this.#epoch ??= (await this.#store.takeLease({ owner: 'test', expected }))?.epoch ?? 0
    return this.#epoch
  }

  #failingStore(): SessionStore {
    const store = this.#store
    return storeWithCommit(store, (commit) => {
      if (this.keyWrites === 'hang') return new Promise(() => {})
      if (this.keyWrites === 'fail') return Promise.reject(new AppError('store-unavailable', 'away'))
      return store.commit(commit)
    })
  }
}

function memoryStore(): SessionStore {
  return new InMemorySessionStore({ database: new InMemoryDatabase(), sessionId: 'session' })
}
