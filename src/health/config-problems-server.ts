/**
 * What a dyno answers whose settings are wrong: on every path which settings, and how to mend them; nothing
 * else runs. Anybody may read it, so it tells no value, only names and what they may be.
 */

import { createServer } from './node-http.ts'
import type { Server } from 'node:http'

/** As config.ts finds them. */
interface Problem {
  readonly setting: string
  readonly remedy: string
}

/**
 * Resolves when it listens.
 * @throws Error with Node's `code` when the port cannot be had
 */
export function serveConfigProblems(
  problems: readonly Problem[],
  at: { readonly port: number; readonly host: string },
): Promise<Server> {
  const body = JSON.stringify({
    status: 'down',
    reasons: ['config-invalid'],
    problems: problems.map(({ setting, remedy }) => ({ setting, remedy })),
  })
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(request.method === 'HEAD' ? undefined : body)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, () => resolve(server))
  })
}
