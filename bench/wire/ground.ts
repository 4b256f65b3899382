/**
 * What the figures on the wire are measured on: the fake WhatsApp, a Postgres that keeps its word, and subjects in
 * processes of their own. Owns their start and end; asks them nothing by itself.
 */

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
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
import type { SubjectOptions } from './subject.ts'
import type { SubjectQuestion } from './subject-process.ts'

export type Kind = SubjectOptions['kind']
export const KINDS: readonly Kind[] = ['plain', 'ours']

/** Of a bot process on the smallest dyno. */
const HEAP_MB = 256
const NODE_FLAGS = [`--max-old-space-size=${HEAP_MB}`, '--expose-gc']
const SUBJECT = fileURLToPath(new URL('subject-process.ts', import.meta.url))

export interface Ground {
  readonly whatsapp: FakeWhatsApp
  readonly databaseUrl: string
  readonly folder: string
  readonly lifetime: Lifetime
  readonly say: (line: string) => void
}

export async function prepareGround(lifetime: Lifetime, say: (line: string) => void): Promise<Ground> {
  const opening = startPostgres({ kind: 'embedded', isDurable: true, say })
  lifetime.own(async () => (await opening).stop())
  const { url: databaseUrl } = await (await lifetime.unlessInterrupted(opening)).createDatabase()
  const whatsapp = await startFakeWhatsApp()
  lifetime.own(() => whatsapp.close())
  const folder = mkdtempSync(join(tmpdir(), 'bench-wire-'))
  lifetime.own(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })))
  return { whatsapp, databaseUrl, folder, lifetime, say }
}

let sessions = 0

/** A linked device of an account of its own, in a process of its own. */
export async function startSubject(
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

export class SubjectProcess {
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
