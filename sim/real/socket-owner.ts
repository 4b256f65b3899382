/**
 * Whose a TCP connection on loopback is, as the kernel tells it: pure parsing of /proc/net/tcp, and the search of
 * a process's open files. So a connection is known by its process, whatever that process says of itself.
 */

import { readdirSync, readlinkSync } from 'node:fs'
import { readProcFile } from '../dyno/real/process-table.ts'

export interface TcpEntry {
  readonly localPort: number
  readonly remotePort: number
  /** True from the handshake until one side has begun to close. */
  readonly isEstablished: boolean
  readonly inode: string
}

const ESTABLISHED = '01'

/** The text of /proc/net/tcp, or tcp6. */
export function parseTcpTable(text: string): TcpEntry[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/)
      const [localPort, remotePort] = [portOf(local), portOf(remote)]
      if (Number.isNaN(localPort) || Number.isNaN(remotePort)) return []
      return [{ localPort, remotePort, isEstablished: state === ESTABLISHED, inode }]
    })
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16)
}

/** The client's half of a connection to `serverPort`; undefined when the kernel has forgotten it. */
export function clientHalf(clientPort: number, serverPort: number): TcpEntry | undefined {
  for (const path of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const found = parseTcpTable(readProcFile(path) ?? '').find(
      ({ localPort, remotePort }) => localPort === clientPort && remotePort === serverPort,
    )
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether the process has the socket among its open files. */
export function holdsSocket(pid: number, inode: string): boolean {
  const folder = `/proc/${pid}/fd`
  try {
    return readdirSync(folder).some((name) => linkOf(`${folder}/${name}`) === `socket:[${inode}]`)
  } catch {
    return false
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** A process that is ending has given up its memory before its sockets close. */
export function isEnding(pid: number): boolean {
  return (readProcFile(`/proc/${pid}/cmdline`) ?? '') === ''
}
