/** The figures of the adapter on the wire, each beside plain Baileys with useMultiFileAuthState in the same run. */

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import type { AuthenticationCreds } from '@whiskeysockets/baileys'
import type { Lifetime } from '../../sim/cli/lifetime.ts'
import { startPostgres } from '../../sim/postgres/provider.ts'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { Account } from '../../sim/whatsapp/people/account.ts'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { PostgresSessionStore } from '../../src/adapters/postgres-session-store.ts'
import { SystemSecureRandom } from '../../src/adapters/system-secure-random.ts'
import { serialise } from '../../src/session/codec.ts'
import { createRowCipher } from '../../src/session/encryption.ts'
import { median } from '../figure.ts'
import type { SubjectOptions } from './subject.ts'
import type { SubjectQuestion } from './subject-process.ts'
import type { WireFigure } from './wire-table.ts'

export interface WireSizes {
  readonly rounds: number
  readonly messages: number
  readonly contacts: number
  readonly reconnects: number
}

type Kind = SubjectOptions['kind']
const KINDS: readonly Kind[] = ['plain', 'ours']
const SUBJECT = fileURLToPath(new URL('subject-process.ts', import.meta.url))
/** Those of a bot process on the smallest dyno. */
const NODE_FLAGS = ['--max-old-space-size=256', '--expose-gc']
const KEY_WRITES = 300
const SOME_RECONNECTS = 40
const POLL_MS = 5
const MB_BYTES = 1_048_576
const BATCH = 200

interface Ground {
  readonly whatsapp: FakeWhatsApp
  readonly databaseUrl: string
  readonly folder: string
  readonly lifetime: Lifetime
  readonly say: (line: string) => void
}

/** A value for each kind. */
type Pair = Record<Kind, number>

export async function measureWire(
  lifetime: Lifetime,
  sizes: WireSizes,
  say: (line: string) => void,
): Promise<readonly WireFigure[]> {
  const opening = startPostgres({ kind: 'embedded', isDurable: true, say })
  lifetime.own(async () => (await opening).stop())
  const { url: databaseUrl } = await (await lifetime.unlessInterrupted(opening)).createDatabase()
  const whatsapp = await startFakeWhatsApp()
  lifetime.own(() => whatsapp.close())
  const folder = mkdtempSync(join(tmpdir(), 'bench-wire-'))
  lifetime.own(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })))
  const ground: Ground = { whatsapp, databaseUrl, folder, lifetime, say }
  return [
    ...(await measureLogins(ground, sizes)),
    ...(await measureTraffic(ground, sizes)),
    ...(await measureContacts(ground, sizes)),
    ...(await measureReconnects(ground, sizes)),
  ]
}

async function measureLogins(ground: Ground, { rounds }: WireSizes): Promise<WireFigure[]> {
  ground.say(`first logins, ${rounds} of each`)
  const opens: Record<Kind, number[]> = { plain: [], ours: [] }
  const stores: Record<Kind, number[]> = { plain: [], ours: [] }
  const writes: Record<Kind, number[]> = { plain: [], ours: [] }
  const again: Record<Kind, number[]> = { plain: [], ours: [] }
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of KINDS) {
      const { process } = await startSubject(ground, kind, 'many')
      opens[kind].push(await process.ask({ ask: 'connect' }))
      stores[kind].push(await process.ask({ ask: 'store-ms' }))
      writes[kind].push(await process.ask({ ask: 'key-write-ms', times: KEY_WRITES }))
      again[kind].push(await process.ask({ ask: 'reconnect-ms', times: SOME_RECONNECTS }))
      process.stop()
    }
  }
  return [
    figure('first login with 812 pre-keys', 'ms', medians(opens)),
    { ...figure("of it the store's part, fsync on", 'ms', medians(stores)), atMost: 60 },
    { ...figure('one key write, p50', 'ms', medians(writes)), atMost: 3 },
    figure('reconnect to open, p50', 'ms', medians(again)),
  ]
}

/** One contact, as fast as both ends can. */
async function measureTraffic(ground: Ground, { messages }: WireSizes): Promise<WireFigure[]> {
  ground.say(`${messages} messages of one contact`)
  const perSecond = pair()
  const idle = pair()
  const after = pair()
  for (const kind of KINDS) {
    const { process, account } = await startSubject(ground, kind, 'few')
    await process.ask({ ask: 'connect' })
    idle[kind] = (await process.ask({ ask: 'rss' })) / MB_BYTES
    const contact = ground.whatsapp.addContact()
    const startedAtMs = performance.now()
    for (let sent = 0; sent < messages; sent += 1) {
      await contact.say(`message ${sent}`, { to: account })
      if (sent % BATCH === BATCH - 1) await untilTaken(process, sent + 1 - BATCH)
    }
    await untilTaken(process, messages)
    perSecond[kind] = (messages * 1_000) / (performance.now() - startedAtMs)
    after[kind] = (await process.ask({ ask: 'rss' })) / MB_BYTES
    process.stop()
  }
  return [
    { ...figure('messages a second, taken and acknowledged', '1/s', perSecond), atLeastOfPlain: 0.8 },
    figure('memory (RSS) connected and idle', 'MB', idle),
    figure(`memory (RSS) after ${messages} messages of one contact`, 'MB', after),
  ]
}

/** Each contact's first message makes a session. */
async function measureContacts(ground: Ground, { contacts }: WireSizes): Promise<WireFigure[]> {
  ground.say(`one message of each of ${contacts} contacts`)
  const grown = pair()
  const heap = pair()
  for (const kind of KINDS) {
    const { process, account } = await startSubject(ground, kind, 'many')
    await process.ask({ ask: 'connect' })
    const before = await process.ask({ ask: 'rss' })
    const heapBefore = await process.ask({ ask: 'heap' })
    for (let index = 0; index < contacts; index += 1) {
      await ground.whatsapp.addContact().say('hello', { to: account })
      if (index % BATCH === BATCH - 1) await untilTaken(process, index + 1 - BATCH)
    }
    await untilTaken(process, contacts)
    grown[kind] = ((await process.ask({ ask: 'rss' })) - before) / MB_BYTES
    heap[kind] = ((await process.ask({ ask: 'heap' })) - heapBefore) / MB_BYTES
    process.stop()
  }
  return [
    figure(`memory (RSS) grown by ${contacts} contacts`, 'MB', grown),
    figure(`heap after GC grown by ${contacts} contacts`, 'MB', heap),
  ]
}

async function measureReconnects(ground: Ground, { reconnects }: WireSizes): Promise<WireFigure[]> {
  ground.say(`${reconnects} reconnects`)
  const heap = pair()
  const resources = pair()
  for (const kind of KINDS) {
    const { process } = await startSubject(ground, kind, 'few')
    await process.ask({ ask: 'connect' })
    // The first ones fill what is filled once.
    await process.ask({ ask: 'reconnect-ms', times: Math.ceil(reconnects / 10) })
    const before = {
      heap: await process.ask({ ask: 'heap' }),
      resources: await process.ask({ ask: 'resources' }),
    }
    await process.ask({ ask: 'reconnect-ms', times: reconnects })
    heap[kind] = ((await process.ask({ ask: 'heap' })) - before.heap) / MB_BYTES
    resources[kind] = (await process.ask({ ask: 'resources' })) - before.resources
    process.stop()
  }
  return [
    figure(`heap after GC grown by ${reconnects} reconnects`, 'MB', heap),
    figure(`timers and sockets more after ${reconnects} reconnects`, '', resources),
  ]
}

async function untilTaken(subject: SubjectProcess, count: number): Promise<void> {
  while ((await subject.ask({ ask: 'taken' })) < count) await delay(POLL_MS)
}

let sessions = 0

/** A linked device of an account of its own, in a process of its own. */
async function startSubject(
  ground: Ground,
  kind: Kind,
  preKeys: 'few' | 'many',
): Promise<{ process: SubjectProcess; account: Account }> {
  const { whatsapp, databaseUrl, lifetime } = ground
  const account = whatsapp.addAccount()
  const linked = account.linkedDevice({ preKeys })
  const sessionId = `bench-${(sessions += 1)}`
  const folder = join(ground.folder, sessionId)
  if (kind === 'plain') await linked.writeTo(folder)
  else await storeCreds(databaseUrl, sessionId, linked.creds)
  const process = new SubjectProcess({ kind, url: whatsapp.url, folder, databaseUrl, sessionId })
  lifetime.own(() => Promise.resolve(process.stop()))
  await process.ready()
  return { process, account }
}

async function storeCreds(databaseUrl: string, sessionId: string, creds: AuthenticationCreds): Promise<void> {
  const quiet = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  }
  const pool = createPool({
    databaseUrl,
    maxConnections: 1,
    ssl: 'auto',
    applicationName: 'bench',
    logger: quiet,
  })
  const cipher = createRowCipher({ sessionId, secureRandom: new SystemSecureRandom(), keys: [] })
  const store = new PostgresSessionStore({ pool, sessionId, cipher })
  const lease = await store.takeLease({ owner: 'bench', expected: undefined })
  await store.commit({ epoch: lease?.epoch ?? 0, sequence: 1, nowMs: Date.now(), creds: serialise(creds) })
  await pool.end()
}

class SubjectProcess {
  readonly #child: ChildProcess
  #waiting: { resolve(value: number): void; reject(error: Error): void } | undefined
  readonly #ready: Promise<number>

  constructor(options: SubjectOptions) {
    this.#child = fork(SUBJECT, [JSON.stringify(options)], { execArgv: NODE_FLAGS })
    this.#ready = this.#answer()
    this.#child.on('message', (message: { readonly value?: number; readonly error?: string }) => {
      const waiting = this.#waiting
      this.#waiting = undefined
      if (message.value === undefined) waiting?.reject(new Error(message.error ?? 'no answer'))
      else waiting?.resolve(message.value)
    })
    this.#child.on('exit', (code) =>
      this.#waiting?.reject(new Error(`the measured process ended with ${code}`)),
    )
  }

  ready(): Promise<number> {
    return this.#ready
  }

  ask(question: SubjectQuestion): Promise<number> {
    const answer = this.#answer()
    this.#child.send(question)
    return answer
  }

  stop(): void {
    this.#child.kill('SIGKILL')
  }

  #answer(): Promise<number> {
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }))
  }
}

function pair(): Pair {
  return { plain: Number.NaN, ours: Number.NaN }
}

function figure(name: string, unit: string, { plain, ours }: Pair): WireFigure {
  return { name, unit, plain, ours }
}

function medians({ plain, ours }: Record<Kind, readonly number[]>): Pair {
  return { plain: median(plain), ours: median(ours) }
}
