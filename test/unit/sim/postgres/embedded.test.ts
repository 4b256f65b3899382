/** The embedded Postgres with data that stay, as `npm run dev` has it. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { startEmbedded } from '../../../../sim/postgres/embedded.ts'
import type { RawServer } from '../../../../sim/postgres/postgres-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'kept-'))
let server: RawServer | undefined
afterEach(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows }: { rows: unknown[] } = await client.query(text)
    return rows
  } finally {
    await client.end()
  }
}

describe('an embedded Postgres in a folder of its own', () => {
  it('keeps its data from one start to the next, and waits for the disk', async () => {
    server = await startEmbedded({ keptIn: folder })
    await query(server.url, 'CREATE TABLE kept AS SELECT 7 AS number')
    await server.stop()
    expect(readdirSync(folder)).toContain('data')
    server = await startEmbedded({ keptIn: folder })
    expect(await query(server.url, 'SELECT number FROM kept')).toEqual([{ number: 7 }])
    expect(await query(server.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }])
  })
})
