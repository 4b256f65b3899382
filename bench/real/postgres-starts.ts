/** How long each Postgres provider takes until a migrated database can be had, and until nothing of it is left. */

import { inspectDocker } from '../../sim/postgres/container.ts'
import { startPostgres } from '../../sim/postgres/provider.ts'
import type { StartPostgresOptions } from '../../sim/postgres/provider.ts'
import type { Lifetime } from '../../sim/cli/lifetime.ts'

/** Seconds, by provider; no container where no engine holds the image. */
export interface PostgresStarts {
  readonly embedded: number
  readonly url: number
  readonly container: number | undefined
}

export async function measurePostgresStarts(lifetime: Lifetime): Promise<PostgresStarts> {
  const embedded = await start(lifetime, { kind: 'embedded', say: ignore })
  const url = await start(lifetime, { kind: 'url', url: embedded.url, say: ignore })
  await url.stop()
  await embedded.stop()
  const { isUsable } = await inspectDocker()
  const container = isUsable ? await start(lifetime, { kind: 'container', say: ignore }) : undefined
  await container?.stop()
  return { embedded: embedded.seconds, url: url.seconds, container: container?.seconds }
}

async function start(lifetime: Lifetime, options: StartPostgresOptions) {
  const startedMs = performance.now()
  const starting = startPostgres(options)
  lifetime.own(async () => (await starting.catch(() => undefined))?.stop())
  const server = await lifetime.unlessInterrupted(starting)
  const { url } = await server.createDatabase()
  return { url, seconds: (performance.now() - startedMs) / 1_000, stop: () => server.stop() }
}

function ignore(): void {
  // What is measured here is told in the end.
}
