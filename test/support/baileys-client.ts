/**
 * Plain, unmodified Baileys clients for tests on the wire: an in-memory auth state, a socket with short times,
 * and waiting for what it reports. libsignal's prints of whole sessions are kept out of the tests' output.
 */

import * as baileys from '@whiskeysockets/baileys'
import type {
  AuthenticationCreds,
  BaileysEventMap,
  SignalDataSet,
  SignalKeyStore,
} from '@whiskeysockets/baileys'
import type {
  ConnectionState,
  UserFacingSocketConfig,
  WAMessage,
  WASocket,
  proto,
} from '@whiskeysockets/baileys'
import pino from 'pino'
import { trustFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import { silenceLibraryConsole } from '../../src/adapters/baileys-console.ts'

const DEFAULT_TIMEOUT_MS = 10_000

export interface MemoryAuth {
  readonly creds: AuthenticationCreds
  readonly keys: SignalKeyStore
  /** Everything in the key store, by type and id. */
  readonly data: Map<string, Map<string, unknown>>
}

/** An auth state in memory, which may be used by one client after another. */
export function memoryAuth(creds: AuthenticationCreds = baileys.initAuthCreds()): MemoryAuth {
  const data = new Map<string, Map<string, unknown>>()
  const keys: SignalKeyStore = {
    get: (type, ids) => {
      const known = data.get(type)
      const found = ids.map((id) => [id, known?.get(id)]).filter(([, value]) => value !== undefined)
      return Object.fromEntries(found) as never
    },
    set: (update: SignalDataSet) => {
      for (const [type, values] of Object.entries(update)) {
        const known = data.get(type) ?? new Map<string, unknown>()
        data.set(type, known)
        for (const [id, value] of Object.entries(values)) {
          if (value === null || value === undefined) known.delete(id)
          else known.set(id, value)
        }
      }
    },
  }
  return { creds, keys, data }
}

export interface CloseReport {
  /** The number that Baileys gives as the cause; undefined when it gives none. */
  readonly code: number | undefined
  readonly message: string
}

export interface TestClient {
  readonly socket: WASocket
  readonly auth: MemoryAuth
  /** Messages as `messages.upsert` brought them, oldest first. */
  readonly upserts: readonly { readonly type: string; readonly message: WAMessage }[]
  readonly updates: readonly Partial<ConnectionState>[]
  /** Status of each message by id; what follows within 100 ms of a send comes with the message's own upsert. */
  readonly statuses: ReadonlyMap<string, number>
  until(
    matches: (update: Partial<ConnectionState>) => boolean,
    timeoutMs?: number,
  ): Promise<Partial<ConnectionState>>
  /** Resolves when the client is open and has taken what waited for it. */
  opened(timeoutMs?: number): Promise<void>
  closed(timeoutMs?: number): Promise<CloseReport>
  qr(timeoutMs?: number): Promise<string>
  /** The first message that matches, had or still to come; a string means its text. */
  message(wanted: string | ((message: WAMessage) => boolean), timeoutMs?: number): Promise<WAMessage>
  event<Name extends keyof BaileysEventMap>(
    name: Name,
    matches?: (payload: BaileysEventMap[Name]) => boolean,
    timeoutMs?: number,
  ): Promise<BaileysEventMap[Name]>
  end(): Promise<void>
}

export function connectClient(
  url: string,
  auth: MemoryAuth,
  options: Partial<UserFacingSocketConfig> = {},
): TestClient {
  silenceLibraryConsole()
  trustFakeWhatsApp(baileys)
  const sent = new Map<string, proto.IMessage>()
  const socket = baileys.makeWASocket({
    waWebSocketUrl: url,
    auth,
    logger: pino({ level: 'silent' }),
    keepAliveIntervalMs: 5_000,
    connectTimeoutMs: 5_000,
    defaultQueryTimeoutMs: 5_000,
    retryRequestDelayMs: 1,
    // Baileys' own cache misses what a companion device asks for again: it looks under the device's address.
    getMessage: async ({ id }) => sent.get(id ?? ''),
    ...options,
  })
  const sendMessage = socket.sendMessage.bind(socket)
  socket.sendMessage = async (...args) => {
    const message = await sendMessage(...args)
    if (message?.message) sent.set(message.key.id ?? '', message.message)
    return message
  }
  const upserts: { type: string; message: WAMessage }[] = []
  const updates: Partial<ConnectionState>[] = []
  const statuses = new Map<string, number>()
  const noteStatus = (id: string | null | undefined, status: number | null | undefined): void => {
    if (id !== null && id !== undefined && status !== null && status !== undefined) statuses.set(id, status)
  }
  socket.ev.on('creds.update', (update) => {
    Object.assign(auth.creds, update)
  })
  socket.ev.on('connection.update', (update) => {
    updates.push(update)
  })
  socket.ev.on('messages.upsert', ({ type, messages }) => {
    upserts.push(...messages.map((message) => ({ type, message })))
    for (const { key, status } of messages) noteStatus(key.id, status)
  })
  socket.ev.on('messages.update', (changes) => {
    for (const { key, update } of changes) noteStatus(key.id, update.status)
  })
  const event: TestClient['event'] = async (name, matches = () => true, timeoutMs = DEFAULT_TIMEOUT_MS) =>
    withTimeout(timeoutMs, `event ${name}`, (resolve) => {
      socket.ev.on(name, (payload) => {
        if (matches(payload)) resolve(payload)
      })
    })
  const until: TestClient['until'] = async (matches, timeoutMs) => {
    const had = updates.find(matches)
    return had ?? event('connection.update', matches, timeoutMs)
  }
  return {
    socket,
    auth,
    upserts,
    updates,
    statuses,
    until,
    event,
    opened: async (timeoutMs) => {
      await until((update) => update.connection === 'open', timeoutMs)
      await until((update) => update.receivedPendingNotifications === true, timeoutMs)
    },
    closed: async (timeoutMs) => reportOf(await until((update) => update.connection === 'close', timeoutMs)),
    qr: async (timeoutMs) => (await until((update) => update.qr !== undefined, timeoutMs)).qr ?? '',
    message: async (wanted, timeoutMs = DEFAULT_TIMEOUT_MS) => {
      const matches = typeof wanted === 'string' ? (each: WAMessage) => textOf(each) === wanted : wanted
      const had = upserts.find((each) => matches(each.message))
      if (had !== undefined) return had.message
      const what = typeof wanted === 'string' ? `message "${wanted}"` : 'a message that matches'
      return withTimeout(timeoutMs, what, (resolve) => {
        socket.ev.on('messages.upsert', ({ messages }) => {
          const found = messages.find(matches)
          if (found !== undefined) resolve(found)
        })
      })
    },
    end: async () => {
      await socket.end(undefined)
    },
  }
}

export function textOf(message: WAMessage): string | undefined {
  const content = baileys.normalizeMessageContent(message.message)
  return content?.conversation ?? content?.extendedTextMessage?.text ?? undefined
}

function reportOf(update: Partial<ConnectionState>): CloseReport {
  const error = update.lastDisconnect?.error as (Error & { output?: { statusCode?: number } }) | undefined
  return { code: error?.output?.statusCode, message: error?.message ?? '' }
}

async function withTimeout<Value>(
  timeoutMs: number,
  what: string,
  start: (resolve: (value: Value) => void) => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${what} did not come within ${timeoutMs} ms`)),
      timeoutMs,
    )
    start((value) => {
      clearTimeout(timer)
      resolve(value)
    })
  })
}
