/** Docker engines for tests that need one that refuses, or ends. */

import { createServer } from 'node:http'
import { connect, createServer as createTcpServer } from 'node:net'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Gives these answers, a status or a body by path, and knows nothing else. @returns a value for DOCKER_HOST */
export async function fakeEngine(answers: Record<string, object | number>): Promise<string> {
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ''] ?? 404
    response.statusCode = typeof answer === 'number' ? answer : 200
    response.end(typeof answer === 'number' ? '{"message":"no"}' : JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return `tcp://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

export interface EndingEngine {
  /** For DOCKER_HOST. */
  readonly address: string
  /** Now it is gone, and all that was under way is cut; the engine behind it knows nothing of that. */
  end(): void
}

/** The engine of this machine, by another address. */
export async function endingEngine(): Promise<EndingEngine> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((client) => {
    const engine = connect('/var/run/docker.sock')
    for (const [from, to] of [
      [client, engine],
      [engine, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.pipe(to)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const end = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(end)
  const address = server.address()
  return {
    address: `tcp://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    end,
  }
}
