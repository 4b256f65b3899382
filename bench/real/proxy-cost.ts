/** What the fault proxy adds to a statement, while it does nothing: the same one, in turn with and without it. */

import { Client } from 'pg'
import { FaultProxy } from '../../sim/postgres/fault-proxy/fault-proxy.ts'
import { median } from '../../sim/assertions/median.ts'

const BATCHES = 20
const STATEMENTS_PER_BATCH = 100
/** About as large as a creds row. */
const ROW_CHARS = 4_000

export interface ProxyCost {
  /** Medians over all statements, ms. */
  readonly direct: number
  readonly proxied: number
}

/** @param databaseUrl of a database in which nothing else goes on */
export async function measureProxyCost(databaseUrl: string): Promise<ProxyCost> {
  const proxy = new FaultProxy({ upstreamUrl: databaseUrl, port: 0, tls: 'refuse', seed: 'bench' })
  await proxy.start()
  // By TCP, as through the proxy: the URL may name a Unix socket.
  const url = new URL(databaseUrl)
  url.searchParams.delete('host')
  const direct = new Client({ connectionString: url.href })
  const proxied = new Client({ connectionString: proxy.url })
  // An interrupt ends the server under them; the statement tells.
  for (const client of [direct, proxied]) client.on('error', () => undefined)
  try {
    await direct.connect()
    await proxied.connect()
    const times: Record<keyof ProxyCost, number[]> = { direct: [], proxied: [] }
    for (let batch = 0; batch < BATCHES; batch += 1) {
      times.direct.push(...(await statementTimes(direct)))
      times.proxied.push(...(await statementTimes(proxied)))
    }
    return { direct: median(times.direct), proxied: median(times.proxied) }
  } finally {
    await direct.end()
    await proxied.end()
    await proxy.stop()
  }
}

async function statementTimes(client: Client): Promise<number[]> {
  const times: number[] = []
  for (let index = 0; index < STATEMENTS_PER_BATCH; index += 1) {
    const startedMs = performance.now()
    await client.query({
      name: 'bench',
      text: 'SELECT repeat($1::text, $2) AS row',
      values: ['x', ROW_CHARS],
    })
    times.push(performance.now() - startedMs)
  }
  return times
}
