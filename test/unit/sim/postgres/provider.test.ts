import { existsSync } from 'node:fs'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { startPostgres } from '../../../../sim/postgres/provider.ts'
import { InfrastructureError } from '../../../../sim/infrastructure-error.ts'
import { testDatabase } from '../../../support/database.ts'

const say = (): void => undefined

async function troubleWith(url: string): Promise<InfrastructureError> {
  const error: unknown = await startPostgres({ kind: 'url', url, say }).catch((reason: unknown) => reason)
  if (!(error instanceof InfrastructureError)) throw new Error(`not an InfrastructureError: ${String(error)}`)
  return error
}

describe('an embedded server', () => {
  it('says what it is, gives migrated databases, and leaves nothing behind', async () => {
    const lines: string[] = []
    const server = await startPostgres({ kind: 'embedded', say: (line) => lines.push(line) })
    expect(server.describe).toMatch(/^embedded \d+\.\d+$/)
    expect(lines).toEqual([`Postgres: ${server.describe}`])
    const [first, second] = await Promise.all([server.createDatabase(), server.createDatabase()])
    expect(first.url).not.toBe(second.url)
    const client = new Client(first.url)
    await client.connect()
    expect((await client.query('SELECT * FROM blacksky_lease')).rows).toEqual([])
    await client.end()
    await first.drop()
    const folder = new URL(server.url).searchParams.get('host') ?? ''
    expect(existsSync(folder)).toBe(true)
    await Promise.all([server.stop(), server.stop()])
    await server.stop()
    expect(existsSync(folder)).toBe(false)
    await expect(server.createDatabase()).rejects.toBeInstanceOf(InfrastructureError)
  })
})

describe('a server by URL', () => {
  it('keeps nothing of ours after stop', async () => {
    const url = await testDatabase()
    const server = await startPostgres({ kind: 'url', url, say })
    const made = [await server.createDatabase(), await server.createDatabase()]
    await server.stop()
    const client = new Client(url)
    await client.connect()
    const names = made.map((database) => new URL(database.url).pathname.slice(1))
    const { rows } = await client.query('SELECT 1 FROM pg_database WHERE datname = ANY ($1)', [names])
    await client.end()
    expect(rows).toEqual([])
  })

  it('that is not there is one clear message', async () => {
    const error = await troubleWith('postgres://u:secret@127.0.0.1:1/x')
    expect(error.message).toMatch(/127\.0\.0\.1:1 does not answer/)
    expect(error.message + error.hint).not.toMatch(/secret/)
  })

  it('that refuses the password is one clear message', async () => {
    const url = new URL(await testDatabase())
    url.password = 'wrong'
    expect((await troubleWith(url.href)).message).toMatch(/refuses user "\w+"/)
  })

  it('that speaks no TLS is one clear message with the way out', async () => {
    const url = new URL(await testDatabase())
    url.searchParams.set('sslmode', 'require')
    const error = await troubleWith(url.href)
    expect(error.message).toMatch(/speaks no TLS/)
    expect(error.hint).toMatch(/sslmode=disable/)
  })

  it('that is malformed or missing is one clear message', async () => {
    expect((await troubleWith('nonsense')).message).toMatch(/malformed/)
    expect((await troubleWith('')).message).toMatch(/no URL/)
  })
})

it('says so when no Docker engine answers', async () => {
  const before = process.env['DOCKER_HOST']
  process.env['DOCKER_HOST'] = 'unix:///nonexistent/docker.sock'
  try {
    await expect(startPostgres({ kind: 'container', say })).rejects.toMatchObject({
      name: 'InfrastructureError',
      message: 'no Docker engine answers at DOCKER_HOST=unix:///nonexistent/docker.sock',
    })
    const server = await startPostgres({ kind: 'auto', say })
    expect(server.kind).toBe('embedded')
    await server.stop()
  } finally {
    if (before === undefined) delete process.env['DOCKER_HOST']
    else process.env['DOCKER_HOST'] = before
  }
})
