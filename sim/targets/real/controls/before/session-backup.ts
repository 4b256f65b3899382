/**
 * The session's files in the database, every so often: between two backups the database is behind what WhatsApp and
 * the contacts have seen. A failed read is taken for "no session". (The original's backup never worked; this one does.)
 */

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Client } from 'pg'
import { log } from '../pong.ts'

const TABLE = 'CREATE TABLE IF NOT EXISTS before_backup (name text PRIMARY KEY, content text NOT NULL)'
const WRITE =
  'INSERT INTO before_backup VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET content = excluded.content'

export async function backUpSession(databaseUrl: string, folder: string): Promise<void> {
  await withDatabase(databaseUrl, 'before.backup-failed', async (client) => {
    for (const name of await readdir(folder)) {
      await client.query(WRITE, [name, await readFile(join(folder, name), 'utf8')])
    }
    log('before.backed-up')
  })
}

export async function restoreSession(databaseUrl: string, folder: string): Promise<void> {
  await withDatabase(databaseUrl, 'before.no-session', async (client) => {
    const { rows } = await client.query<{ name: string; content: string }>('SELECT * FROM before_backup')
    for (const { name, content } of rows) await writeFile(join(folder, basename(name)), content)
    log('before.restored', { files: rows.length })
  })
}

async function withDatabase(
  connectionString: string,
  onFailure: string,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client({ connectionString })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(TABLE)
    await work(client)
  } catch (error) {
    log(onFailure, { reason: String(error) })
  } finally {
    await client.end().catch(() => undefined)
  }
}
