/** A Docker engine for tests that need its refusals: an HTTP server on this machine. */

import { createServer } from 'node:http'
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
