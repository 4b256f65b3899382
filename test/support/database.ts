/** Databases for tests. The server behind them is started by the first call of a run (global-setup.ts). */

import { createConnection } from 'node:net'
import { Client } from 'pg'
import { inject } from 'vitest'
import type { BrokerAnswer } from './global-setup.ts'

/** The URL of a fresh, migrated database; one for each test file is enough, sessions keep tests apart. */
export async function testDatabase(): Promise<string> {
  const answer: BrokerAnswer = JSON.parse(await readAll(inject('databaseBrokerPort')))
  if ('error' in answer) throw new Error(`no test database: ${answer.error}`)
  return answer.url
}

/** The rows of one statement, asked by a connection of its own: past whatever stands before the server. */
export async function rowsOf(databaseUrl: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

function readAll(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.once('error', reject)
    socket.once('end', () => resolve(text))
  })
}
