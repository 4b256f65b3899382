import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ConnectionWatch } from '../../../../sim/real/connection-watch.ts'
import type { BotProcess } from '../../../../sim/real/process-watch.ts'

/** A port that nobody has a connection to: the kernel knows of none. */
const NOBODYS_PORT = 1
/** No process has it: pids end far below. */
const NOBODYS_PID = 2 ** 30

/** @param owner its process; an object can become another one */
function watch(
  owner: number | { pid: number } = process.pid,
  serverPort = NOBODYS_PORT,
): { readonly seen: string[]; readonly connections: ConnectionWatch } {
  const names = { name: 'web.1#1/bot-1', dynoId: 'web.1#1', boot: 1, startTicks: 1 }
  const bot: BotProcess = Object.assign(typeof owner === 'number' ? { pid: owner } : owner, names)
  const seen: string[] = []
  const connections = new ConnectionWatch({
    serverPort: () => serverPort,
    processes: () => [bot],
    record: (kind, data) => seen.push(`${kind} ${JSON.stringify(data)}`),
  })
  return { seen, connections }
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** This process holds its client's half. */
async function heldConnection(): Promise<{ readonly port: number; readonly client: Socket }> {
  // The server's half stays open, as in a black hole.
  const server = createServer({ allowHalfOpen: true }, (socket) =>
    closing.push(() => socket.destroy()),
  ).listen(0, '127.0.0.1')
  closing.push(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect(port, '127.0.0.1')
  closing.push(() => client.destroy())
  await once(client, 'connect')
  return { port, client }
}

function kindsOf(seen: readonly string[]): string[] {
  return seen.map((line) => line.split(' ')[0] ?? '')
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

describe('who speaks with WhatsApp', () => {
  it('is the process among many that holds the connection, until that has ended', async () => {
    const { port, client } = await heldConnection()
    const { connections } = watch(NOBODYS_PID, port)
    connections.observe({ ...CONNECTED, clientPort: client.localPort ?? 0 })
    expect(connections.holderAmong([NOBODYS_PID, process.pid])).toBe(process.pid)
    expect(connections.holderAmong([NOBODYS_PID])).toBeUndefined()
    connections.observe(CLOSED_BY_CLIENT)
    expect(connections.holderAmong([process.pid])).toBeUndefined()
  })
})

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
    expect(kindsOf(seen)).toEqual(['wa.connect', 'wa.end', 'wa.close'])
    expect(seen.at(-1)).toContain('"by":"end"')
  })

  it('went with its process when that is ending', () => {
    const { seen, connections } = watch(NOBODYS_PID)
    connections.observe(CONNECTED)
    connections.observe(CLOSED_BY_CLIENT)
    expect(kindsOf(seen)).toEqual(['wa.connect', 'wa.close'])
    expect(seen.at(-1)).toContain('"by":"process"')
  })

  it('is said to have been left since the last look that saw its client hold on', async () => {
    const { port, client } = await heldConnection()
    const { seen, connections } = watch(process.pid, port)
    connections.observe({ ...CONNECTED, clientPort: client.localPort ?? 0 })
    beBusy()
    const beforeLookMs = performance.now()
    connections.look()
    const afterLookMs = performance.now()
    client.destroy()
    await once(client, 'close')
    beBusy()
    const nowMs = performance.now()
    connections.look()
    const toldMs = performance.now()
    const unseenMs = Number(/"unseenMs":(\d+)/.exec(seen[1] ?? '')?.[1])
    expect(nowMs - unseenMs).toBeLessThanOrEqual(afterLookMs)
    // In whole ms.
    expect(toldMs - unseenMs).toBeGreaterThanOrEqual(beforeLookMs - 1)
  })

  it('is told to have ended at the first look after, once, though the server has not heard of it', async () => {
    const { port, client } = await heldConnection()
    const { seen, connections } = watch(process.pid, port)
    connections.observe({ ...CONNECTED, clientPort: client.localPort ?? 0 })
    connections.observe({ kind: 'open', connection: 1 })
    connections.look()
    expect(connections.openCount).toBe(1)
    client.destroy()
    await once(client, 'close')
    connections.look()
    expect(kindsOf(seen)).toEqual(['wa.connect', 'wa.open', 'wa.end'])
    expect(connections.openCount).toBe(0)
    connections.look()
    connections.observe({ ...CONNECTED, connection: 2, clientPort: 3 })
    expect(kindsOf(seen)).toEqual(['wa.connect', 'wa.open', 'wa.end', 'wa.connect'])
  })

  it('has not ended for a look that never saw its client, as through a forwarder', () => {
    const { seen, connections } = watch()
    connections.observe(CONNECTED)
    connections.look()
    expect(kindsOf(seen)).toEqual(['wa.connect'])
  })

  it('is not ended by a process that dies: a look leaves it to the server’s word', async () => {
    const { port, client } = await heldConnection()
    const bot = { pid: process.pid }
    const { seen, connections } = watch(bot, port)
    connections.observe({ ...CONNECTED, clientPort: client.localPort ?? 0 })
    connections.look()
    bot.pid = NOBODYS_PID
    client.destroy()
    await once(client, 'close')
    connections.look()
    expect(kindsOf(seen)).toEqual(['wa.connect'])
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
    expect(kindsOf(seen)).toEqual(['wa.connect', 'wa.end', 'wa.connect'])
  })
})
