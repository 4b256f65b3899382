import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { connectionTarget, createPool } from '../../../src/adapters/postgres-pool.ts'
import { runStatement } from '../../../src/adapters/postgres-statement.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { testDatabase } from '../../support/database.ts'
import type { Statement } from '../../../src/adapters/postgres-statement.ts'
import type { SslMode } from '../../../src/adapters/postgres-pool.ts'

function ssl(url: string, mode: SslMode = 'auto') {
  return connectionTarget(url, mode).ssl
}

function statement(text: string): Statement {
  return { name: text.slice(0, 20), isWrite: true, text }
}

const REMOTE = 'postgres://u:p@db.example.com:5432/name'

describe('TLS', () => {
  it.each([
    'postgres://u:p@localhost/name',
    'postgres://u:p@127.0.0.1:5432/name',
    'postgres://u:p@[::1]/name',
    'postgres://u:p@/name?host=/var/run/postgresql',
    'postgres://u:p@%2Fvar%2Frun/name',
  ])('is not used for %s', (url) => {
    expect(ssl(url)).toBe(false)
  })

  it('is used without verification for other hosts, as Heroku’s certificates are self-signed', () => {
    expect(ssl(REMOTE)).toEqual({ rejectUnauthorized: false })
    expect(ssl('postgres://u:p@127.example.com/name')).toEqual({ rejectUnauthorized: false })
  })

  it.each<[string, ReturnType<typeof ssl>]>([
    ['disable', false],
    ['require', { rejectUnauthorized: false }],
    ['no-verify', { rejectUnauthorized: false }],
    ['verify-ca', { rejectUnauthorized: true }],
    ['verify-full', { rejectUnauthorized: true }],
  ])('follows sslmode=%s in the URL', (sslmode, expected) => {
    expect(ssl(`${REMOTE}?sslmode=${sslmode}`)).toEqual(expected)
  })

  it('follows the setting where there is one, whatever the URL says', () => {
    expect(ssl(`${REMOTE}?sslmode=disable`, 'require')).toEqual({ rejectUnauthorized: false })
    expect(ssl(`${REMOTE}?sslmode=require`, 'verify')).toEqual({ rejectUnauthorized: true })
    expect(ssl(REMOTE, 'off')).toBe(false)
  })

  it('leaves no ssl words in the URL, where they would overrule the setting', () => {
    const { connectionString } = connectionTarget(
      `${REMOTE}?sslmode=require&application_name=x&ssl=true`,
      'off',
    )
    expect(connectionString).toBe(`${REMOTE}?application_name=x`)
  })
})

describe('settings', () => {
  const options = { databaseUrl: REMOTE, maxConnections: 2, ssl: 'auto', applicationName: 't' } as const

  it.each([0, 5, 1.5])('refuses %s connections', (maxConnections) => {
    expect(() => createPool({ ...options, maxConnections, logger: new RecordingLogger() })).toThrow(/1 to 4/)
  })

  it.each(['', 'nonsense', 'mysql://u:secret@h/d', 'postgres://u:secret@h:port/d'])(
    'refuses %s as a URL without repeating a password',
    (databaseUrl) => {
      const make = (): unknown => createPool({ ...options, databaseUrl, logger: new RecordingLogger() })
      expect(make).toThrow(expect.objectContaining({ code: 'config-invalid' }))
      expect(make).toThrow(/database URL/)
      expect(make).not.toThrow(/secret/)
    },
  )
})

describe('on a server', () => {
  it('survives the end of an idle and of a busy connection, says what it means, and goes on', async () => {
    const databaseUrl = await testDatabase()
    const logger = new RecordingLogger()
    const pool = createPool({ databaseUrl, maxConnections: 2, ssl: 'auto', applicationName: 't', logger })
    const idle = new Promise((resolve) => pool.once('remove', resolve))
    const [row] = await runStatement<{ pid: number }>(pool, statement('SELECT pg_backend_pid() AS pid'), [])
    const other = createPool({ databaseUrl, maxConnections: 1, ssl: 'auto', applicationName: 'u', logger })
    await other.query('SELECT pg_terminate_backend($1)', [row?.pid])
    await idle
    expect(logger.lines).toEqual([
      { level: 'warn', event: 'store.connection-lost', fields: { code: 'store-unavailable' } },
    ])
    const suicide = runStatement(pool, statement('SELECT pg_terminate_backend(pg_backend_pid())'), [])
    await expect(suicide).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(runStatement(pool, statement('SELECT 1 AS one'), [])).resolves.toEqual([{ one: 1 }])
    await pool.end()
    await other.end()
  })

  it('gives bigint and bigint[] back as numbers, to these statements alone', async () => {
    const databaseUrl = await testDatabase()
    const pool = createPool({
      databaseUrl,
      maxConnections: 1,
      ssl: 'auto',
      applicationName: 't',
      logger: new RecordingLogger(),
    })
    const text = `SELECT 1700000000000::bigint AS a, '{1,2}'::bigint[] AS b, '{}'::bigint[] AS c, 'x'::text AS d`
    const expected = { a: 1_700_000_000_000, b: [1, 2], c: [], d: 'x' }
    expect(await runStatement(pool, statement(text), [])).toEqual([expected])
    expect((await pool.query(text)).rows[0]).toMatchObject({ a: '1700000000000' })
    await pool.end()
  })

  it('calls a connection cut under the statement an unknown outcome', async () => {
    const target = new URL(await testDatabase())
    // Answers nothing but the handshake of the protocol: AuthenticationOk, ReadyForQuery; then hangs up.
    const server = createServer((socket) => {
      let packets = 0
      socket.on('error', () => undefined)
      socket.on('data', () => {
        if (packets++ === 0) socket.write(Buffer.from('5200000008000000005a0000000549', 'hex'))
        else socket.destroy()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    target.searchParams.delete('host')
    target.host = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
    const pool = createPool({
      databaseUrl: target.href,
      maxConnections: 1,
      ssl: 'off',
      applicationName: 't',
      logger: new RecordingLogger(),
    })
    await expect(runStatement(pool, statement('SELECT 1'), [])).rejects.toMatchObject({
      code: 'store-outcome-unknown',
    })
    await pool.end()
    await new Promise((resolve) => server.close(resolve))
    await expect(runStatement(pool, statement('SELECT 1'), [])).rejects.toMatchObject({
      code: 'store-unavailable',
    })
  })
})
