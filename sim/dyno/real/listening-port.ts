/**
 * Whether a web process listens on its $PORT. Read from the kernel's table instead of by connecting, so that
 * the app sees no connection that nobody made. Surprising, on Heroku too: listening on 127.0.0.1 does not
 * count, because the router comes from outside.
 */

import { createServer } from 'node:net'
import { readProcFile } from './process-table.ts'

/** `loopback`: bound where the router cannot reach it. */
export type PortBinding = 'none' | 'loopback' | 'reachable'

const LISTEN_STATE = '0A'
/** 127.0.0.1 and ::1 as /proc/net/tcp writes them: words of four bytes, lowest first. */
const LOOPBACK = /^(?:[0-9A-F]{6}7F|00000000000000000000000001000000|0000000000000000FFFF0000[0-9A-F]{6}7F)$/

export function portBinding(port: number): PortBinding {
  return bindingIn(
    [readProcFile('/proc/net/tcp') ?? '', readProcFile('/proc/net/tcp6') ?? ''].join('\n'),
    port,
  )
}

/** @param table the lines of /proc/net/tcp and tcp6 */
export function bindingIn(table: string, port: number): PortBinding {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const addresses = table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/)
    const [address = '', localPort] = local.split(':')
    return localPort === hexPort && state === LISTEN_STATE ? [address] : []
  })
  if (addresses.length === 0) return 'none'
  return addresses.every((address) => LOOPBACK.test(address)) ? 'loopback' : 'reachable'
}

/** Well above what services have, and below what the kernel gives to connections almost everywhere. */
const CHOICE = { from: 10_000, to: 32_767 }
const MAX_TRIES = 50

/**
 * A port that nobody listens on at this moment, and that the kernel gives to nobody who asks for any: a dyno binds it
 * a second later, and on a busy machine another program would often have it by then.
 */
export async function freePort(): Promise<number> {
  const given = ephemeralPorts(readProcFile('/proc/sys/net/ipv4/ip_local_port_range') ?? '')
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = CHOICE.from + Math.floor(Math.random() * (CHOICE.to - CHOICE.from + 1))
    if ((port < given.from || port > given.to) && (await bind(port)) !== undefined) return port
  }
  const port = await bind(0)
  if (port === undefined) throw new Error('no port of this machine is free')
  return port
}

/** @param text of ip_local_port_range: first and last port that the kernel gives to connections */
export function ephemeralPorts(text: string): { readonly from: number; readonly to: number } {
  const [, from = '32768', to = '60999'] = /^(\d+)\s+(\d+)/.exec(text) ?? []
  return { from: Number(from), to: Number(to) }
}

/** The port, when it could be had; it is free again. */
function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '0.0.0.0', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined))
    })
  })
}
