/**
 * Gets the lab a real Postgres: in a container, embedded from npm, or somebody else's by URL. `auto` takes
 * a container where a Docker engine answers and already holds the image, else the embedded one; nothing is
 * pulled unless a container is asked for by name.
 */

import { inspectDocker, startContainer } from './container.ts'
import { startEmbedded } from './embedded.ts'
import type { EmbeddedOptions } from './embedded.ts'
import { withTemplate } from './postgres-server.ts'
import { serverAtUrl } from './url.ts'
import type { PostgresServer, RawServer } from './postgres-server.ts'

export interface StartPostgresOptions extends EmbeddedOptions {
  readonly kind: 'auto' | 'container' | 'embedded' | 'url'
  /** For `url`. */
  readonly url?: string
  /** For `container`; by default BLACKSKY_POSTGRES_IMAGE, else the official image. */
  readonly image?: string
  /** Receives a line for people whenever something takes long or `auto` has chosen. */
  readonly say: (line: string) => void
}

/**
 * A server that answers. Its `stop()` removes everything and may be called twice.
 * @throws InfrastructureError
 */
export async function startPostgres(options: StartPostgresOptions): Promise<PostgresServer> {
  const server = await withTemplate(await startRaw(options))
  options.say(`Postgres: ${server.describe}`)
  return server
}

async function startRaw(options: StartPostgresOptions): Promise<RawServer> {
  switch (options.kind) {
    case 'container':
      return startContainer(options)
    case 'embedded':
      return startEmbedded(options)
    case 'url':
      return serverAtUrl(options.url)
    case 'auto':
      return (await inspectDocker(options.image)).isUsable ? startContainer(options) : startEmbedded()
    default:
      return options.kind satisfies never
  }
}
