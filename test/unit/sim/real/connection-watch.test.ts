import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ConnectionWatch } from '../../../../sim/real/connection-watch.ts'
import type { BotProcess } from '../../../../sim/real/process-watch.ts'

/** A port that nobody has a connection to: the kernel knows of none. */
const NOBODYS_PORT = 1

function watch(
  pid = process.pid,
  serverPort = NOBODYS_PORT,
): { readonly seen: string[]; readonly connections: ConnectionWatch } {
  const bot: BotProcess = { name: 'web.1#1/bot-1', dynoId: 'web.1#1', boot: 1, pid, startTicks: 1 }
  const seen: string[] = []
  const connections = new ConnectionWatch({
    serverPort: () => serverPort,
    processes: () => [bot],
    record: (kind, data) => seen.push(`${kind} ${JSON.stringify(data)}`),
  })
  return { seen, connections }
}

/** So long that a look before it and one after it can be told apart. */
function beBusy(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
}

const CONNECTED = { kind: 'connected', connection: 1, clientPort: 2 } as const
const CLOSED_BY_CLIENT = {
  kind: 'closed',
  connection: 1,
  by: 'client',
  begunAgoMs: undefined,
  statusCode: undefined,
  message: '',
} as const

describe('a connection as it is traced', () => {
  it('is its bot’s from its beginning to the server’s end of it', () => {
    const { seen, connections } = watch()
    connections.observe(CONNECTED)
    connections.observe({ kind: 'logged-in', connection: 1, device: '5.0' })
    connections.observe({ kind: 'open', connection: 1 })
    connections.observe({
      kind: 'closed',
      connection: 1,
      by: 'server',
      begunAgoMs: 0,
      statusCode: 515,
      message: 'stream:error',
    })
    const process = '"connection":1,"process":"web.1#1/bot-1"'
    expect(seen).toEqual([
      `wa.connect {${process}}`,
      `wa.login {${process}}`,
      `wa.open {${process}}`,
      `wa.close {${process},"statusCode":515,"message":"stream:error","by":"server","agoMs":0}`,
    ])
    expect(connections.count).toBe(0)
  })

  it('tells how long before its close the server began to end it', () => {
    const { seen, connections } = watch()
    connections.observe(CONNECTED)
    const closed = { kind: 'closed', connection: 1, by: 'server', statusCode: 503, message: '' } as const
    connections.observe({ ...closed, begunAgoMs: 120 })
    expect(seen.at(-1)).toContain('"agoMs":120')
  })

  it('was ended by the bot when the client closes and its process lives', () => {
    const { seen, connections } = watch()
    connections.observe(CONNECTED)
    connections.observe(CLOSED_BY_CLIENT)
    expect(seen.map((line) => line.split(' ')[0])).toEqual(['wa.connect', 'wa.end', 'wa.close'])
    expect(seen.at(-1)).toContain('"by":"end"')
  })

  it('went with its process when that is ending', () => {
    const { seen, connections } = watch(2 ** 30)
    connections.observe(CONNECTED)
    connections.observe(CLOSED_BY_CLIENT)
    expect(seen.map((line) => line.split(' ')[0])).toEqual(['wa.connect', 'wa.close'])
    expect(seen.at(-1)).toContain('"by":"process"')
  })

  it('is said to have been left since the last look that saw its client hold on', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = connect(port, '127.0.0.1')
    await once(client, 'connect')
    const { seen, connections } = watch(process.pid, port)
    connections.observe({ ...CONNECTED, clientPort: client.localPort ?? 0 })
    beBusy()
    const beforeLookMs = performance.now()
    connections.look()
    const afterLookMs = performance.now()
    client.destroy()
    await once(client, 'close')
    beBusy()
    connections.look()
    const nowMs = performance.now()
    connections.observe({ ...CONNECTED, connection: 2, clientPort: 3 })
    const toldMs = performance.now()
    const unseenMs = Number(/"unseenMs":(\d+)/.exec(seen[1] ?? '')?.[1])
    expect(nowMs - unseenMs).toBeLessThanOrEqual(afterLookMs)
    // In whole ms.
    expect(toldMs - unseenMs).toBeGreaterThanOrEqual(beforeLookMs - 1)
    server.close()
  })

  it('was left by its client at the last look when a fault had turned it away', () => {
    const { seen, connections } = watch()
    connections.observe(CONNECTED)
    const closed = { kind: 'closed', connection: 1, by: 'server', statusCode: undefined } as const
    connections.observe({ ...closed, begunAgoMs: undefined, message: 'turned away' })
    expect(seen.at(-1)).toMatch(/"by":"server","agoMs":\d+\}$/)
  })

  it('counts as ended when the kernel knows its client’s half no longer, as after a black hole', () => {
    const { seen, connections } = watch()
    connections.observe(CONNECTED)
    connections.observe({ ...CONNECTED, connection: 2, clientPort: 3 })
    expect(seen.map((line) => line.split(' ')[0])).toEqual(['wa.connect', 'wa.end', 'wa.connect'])
  })
})
