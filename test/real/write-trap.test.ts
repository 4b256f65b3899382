/** A trap at a client's statement: its owner is called at one moment, and the statement has got just so far. */

import { Client } from 'pg'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { FaultProxy } from '../../sim/postgres/fault-proxy/fault-proxy.ts'
import type { TrapMoment, TrapSite, TrapVerdict } from '../../sim/postgres/fault-proxy/write-trap.ts'
import { rowsOf, testDatabase } from '../support/database.ts'

let databaseUrl = ''

beforeAll(async () => {
  databaseUrl = await testDatabase()
  await directly('CREATE TABLE trapped (text TEXT PRIMARY KEY)')
})

/** Straight to the server. */
function directly(sql: string): Promise<Record<string, unknown>[]> {
  return rowsOf(databaseUrl, sql)
}

async function isWritten(text: string): Promise<boolean> {
  return (await directly(`SELECT 1 FROM trapped WHERE text = '${text}'`)).length > 0
}

interface Bench {
  readonly proxy: FaultProxy
  readonly client: Client
  readonly sessions: [backendPid: number, clientPort: number][]
}

async function startBench(): Promise<Bench> {
  const sessions: Bench['sessions'] = []
  const proxy = new FaultProxy({
    upstreamUrl: databaseUrl,
    port: 0,
    tls: 'refuse',
    seed: 'test',
    onSession: (backendPid, clientPort) => void sessions.push([backendPid, clientPort]),
  })
  await proxy.start()
  onTestFinished(() => proxy.stop())
  const client = new Client({ connectionString: proxy.url })
  client.on('error', () => undefined)
  await client.connect()
  onTestFinished(() => void client.end().catch(() => undefined))
  return { proxy, client, sessions }
}

function write(client: Client, text: string): Promise<string> {
  return client.query({ name: 'write', text: 'INSERT INTO trapped VALUES ($1)', values: [text] }).then(
    () => 'done',
    () => 'lost',
  )
}

/** Sets a trap at the next write. */
function set(
  { proxy, client }: Bench,
  moment: TrapMoment,
  verdict: TrapVerdict,
  kill: boolean,
): Promise<TrapSite> {
  return new Promise((resolve) =>
    proxy.setTrap({
      moment,
      wants: (names) => names.includes('write'),
      onSprung: (site) => {
        // As the kernel does for a process that is killed.
        if (kill) Reflect.get(client, 'connection').stream.destroy()
        resolve(site)
        return verdict
      },
    }),
  )
}

it.each<[TrapMoment, boolean]>([
  ['unsent', false],
  ['committed', true],
])(
  '%s: of a client that dies there the write is committed: %s, and the client hears nothing',
  async (moment, isCommitted) => {
    const bench = await startBench()
    const sprung = set(bench, moment, 'hold', true)
    await bench.client.query({ name: 'read', text: 'SELECT 1' })
    expect(await write(bench.client, moment)).toBe('lost')
    await sprung
    await expect.poll(() => bench.proxy.connections).toBe(0)
    expect(await isWritten(moment)).toBe(isCommitted)
  },
)

it('late: the write of a dead client lands when it is released, and not before', async () => {
  const bench = await startBench()
  const sprung = set(bench, 'late', 'hold', true)
  expect(await write(bench.client, 'late')).toBe('lost')
  const site = await sprung
  expect(await isWritten('late')).toBe(false)
  site.release()
  await expect.poll(() => isWritten('late')).toBe(true)
})

it.each<TrapMoment>(['unsent', 'committed', 'answered'])(
  '%s: a statement that may pass is answered as ever, and the next one meets no trap',
  async (moment) => {
    const bench = await startBench()
    const sprung = set(bench, moment, 'pass', false)
    expect(await write(bench.client, `${moment} passes`)).toBe('done')
    await sprung
    expect(await write(bench.client, `${moment} passes again`)).toBe('done')
    expect(await isWritten(`${moment} passes`)).toBe(true)
  },
)

it('is at the port of the client, whose session and process at the server are told', async () => {
  const bench = await startBench()
  const sprung = set(bench, 'answered', 'pass', false)
  await write(bench.client, 'where')
  const { rows } = await bench.client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  expect(bench.sessions).toEqual([[rows[0]?.pid, (await sprung).clientPort]])
})

it('can be taken away', async () => {
  const bench = await startBench()
  void set(bench, 'unsent', 'hold', true)
  bench.proxy.setTrap(undefined)
  expect(await write(bench.client, 'free')).toBe('done')
})
