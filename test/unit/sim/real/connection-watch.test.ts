import { describe, expect, it } from 'vitest'
import { ConnectionWatch } from '../../../../sim/real/connection-watch.ts'
import type { BotProcess } from '../../../../sim/real/process-watch.ts'

/** A port that nobody has a connection to: the kernel knows of none. */
const NOBODYS_PORT = 1

function watch(pid = process.pid): { readonly seen: string[]; readonly connections: ConnectionWatch } {
  const bot: BotProcess = { name: 'web.1#1/bot-1', dynoId: 'web.1#1', boot: 1, pid, startTicks: 1 }
  const seen: string[] = []
  const connections = new ConnectionWatch({
    serverPort: () => NOBODYS_PORT,
    processes: () => [bot],
    record: (kind, data) => seen.push(`${kind} ${JSON.stringify(data)}`),
  })
  return { seen, connections }
}

const CONNECTED = { kind: 'connected', connection: 1, clientPort: 2 } as const

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
      `wa.close {${process},"statusCode":515,"message":"stream:error","by":"server"}`,
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
    connections.observe({
      kind: 'closed',
      connection: 1,
      by: 'client',
      begunAgoMs: 0,
      statusCode: undefined,
      message: '',
    })
    expect(seen.map((line) => line.split(' ')[0])).toEqual(['wa.connect', 'wa.end', 'wa.close'])
    expect(seen.at(-1)).toContain('"by":"end"')
  })

  it('went with its process when that is ending', () => {
    const { seen, connections } = watch(2 ** 30)
    connections.observe(CONNECTED)
    connections.observe({
      kind: 'closed',
      connection: 1,
      by: 'client',
      begunAgoMs: 0,
      statusCode: undefined,
      message: '',
    })
    expect(seen.map((line) => line.split(' ')[0])).toEqual(['wa.connect', 'wa.close'])
    expect(seen.at(-1)).toContain('"by":"process"')
  })

  it('counts as ended when the kernel knows its client’s half no longer, as after a black hole', () => {
    const { seen, connections } = watch()
    connections.observe(CONNECTED)
    connections.observe({ ...CONNECTED, connection: 2, clientPort: 3 })
    expect(seen.map((line) => line.split(' ')[0])).toEqual(['wa.connect', 'wa.end', 'wa.connect'])
  })
})
