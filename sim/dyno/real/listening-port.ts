/**
 * Whether a web process listens on its $PORT. Read from the kernel's table instead of by connecting, so that
 * the app sees no connection that nobody made. Surprising, on Heroku too: listening on 127.0.0.1 does not
 * count, because the router comes from outside.
 */

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
