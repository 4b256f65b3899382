/** A port for a process that binds it itself, a moment later. */

import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** Well above what services have, and below what the kernel gives to connections almost everywhere. */
const CHOICE = { from: 10_000, to: 32_767 }
const MAX_TRIES = 50

/**
 * A port that nobody listens on at this moment, and that the kernel gives to nobody who asks for any: a dyno binds it
 * a second later, and on a busy machine another program would often have it by then.
 */
export async function freePort(): Promise<number> {
  const given = ephemeralPorts(givenRange())
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = CHOICE.from + Math.floor(Math.random() * (CHOICE.to - CHOICE.from + 1))
    if ((port < given.from || port > given.to) && (await bind(port)) !== undefined) return port
  }
  const port = await bind(0)
  if (port === undefined) throw new Error('no port of this machine is free')
  return port
}

function givenRange(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
  } catch {
    return ''
  }
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
