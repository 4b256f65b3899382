import { createServer, connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { clientHalf, holdsSocket, isEnding, parseTcpTable } from '../../../../sim/real/socket-owner.ts'

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 20 4 30 10 -1
   2: 0100007F:C351 0100007F:1F90 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1
`

describe('the kernel’s table of TCP connections', () => {
  it('gives ports, whether a connection is whole, and its inode', () => {
    expect(parseTcpTable(TABLE)).toEqual([
      { localPort: 8080, remotePort: 0, isEstablished: false, inode: '4242' },
      { localPort: 50_000, remotePort: 8080, isEstablished: true, inode: '4243' },
      { localPort: 50_001, remotePort: 8080, isEstablished: false, inode: '0' },
    ])
  })

  it('is empty for a text that is none', () => {
    expect(parseTcpTable('')).toEqual([])
  })

  it('finds the process that holds the client’s half, until it is closed', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const client = connect(port, '127.0.0.1')
    await once(client, 'connect')
    const clientPort = client.localPort ?? 0
    const half = clientHalf(clientPort, port)
    expect(half).toMatchObject({ isEstablished: true })
    expect(holdsSocket(process.pid, half?.inode ?? '')).toBe(true)
    expect(holdsSocket(1, half?.inode ?? '')).toBe(false)
    client.destroy()
    await expect.poll(() => clientHalf(clientPort, port)?.isEstablished ?? false).toBe(false)
  })

  it('takes a process that is not there for one that is ending', () => {
    expect(isEnding(process.pid)).toBe(false)
    expect(isEnding(2 ** 30)).toBe(true)
  })
})
