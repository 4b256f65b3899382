/**
 * One Postgres for a whole test run, started only when a test first asks for a database: tests run in
 * worker processes, so they ask over a socket, and the answer is the URL of a fresh, migrated database.
 * TEST_DATABASE_URL names a server to use instead; TEST_POSTGRES=container takes one by testcontainers.
 */

import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import type { TestProject } from 'vitest/node'
import { errorMessageOf } from '../../src/errors.ts'
import { startPostgres } from '../../sim/postgres/provider.ts'
import type { PostgresServer } from '../../sim/postgres/postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Port on 127.0.0.1; each connection is answered with one line of JSON and closed. */
    readonly databaseBrokerPort: number
  }
}

export type BrokerAnswer = { readonly url: string } | { readonly error: string }

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let postgres: Promise<PostgresServer> | undefined
  const broker = createServer((socket) => {
    postgres ??= startTestPostgres()
    void answer(socket, postgres)
  })
  project.provide('databaseBrokerPort', await listen(broker))
  return async () => {
    await new Promise((resolve) => broker.close(resolve))
    const started = await postgres?.catch(() => undefined)
    await started?.stop()
  }
}

function startTestPostgres(): Promise<PostgresServer> {
  const url = process.env['TEST_DATABASE_URL']
  if (url !== undefined && url !== '') return startPostgres({ kind: 'url', url, say })
  const kind = process.env['TEST_POSTGRES'] === 'container' ? 'container' : 'embedded'
  return startPostgres({ kind, say })
}

async function answer(socket: Socket, postgres: Promise<PostgresServer>): Promise<void> {
  socket.on('error', () => undefined)
  let line: BrokerAnswer
  try {
    line = { url: (await (await postgres).createDatabase()).url }
  } catch (error) {
    line = { error: errorMessageOf(error) }
  }
  socket.end(JSON.stringify(line))
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}
