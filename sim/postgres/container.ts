/**
 * A Postgres server in a Docker container, by testcontainers. The image is BLACKSKY_POSTGRES_IMAGE, by
 * default the official one; `image/build.sh` makes a local one for machines without a registry. Surprising:
 * testcontainers wants a second container, the reaper, and fails where that cannot be pulled.
 */

import { errorMessageOf } from '../../src/errors.ts'
import { InfrastructureError } from '../infrastructure-error.ts'
import { containerFaults } from './container-faults.ts'
import {
  OWNER_LABEL,
  engineState,
  hasImage,
  hasRepository,
  requireEngine,
  sweepContainers,
} from '../docker/docker-engine.ts'
import type { RawServer } from './postgres-server.ts'

export const DEFAULT_IMAGE = 'postgres:17-alpine'

const START_DEADLINE_MS = 60_000

export function postgresImage(): string {
  const image = process.env['BLACKSKY_POSTGRES_IMAGE']
  return image === undefined || image === '' ? DEFAULT_IMAGE : image
}

export interface DockerFinding {
  readonly subject: 'docker'
  readonly isUsable: boolean
  readonly detail: string
}

/** Whether an engine answers and holds the image; never pulls anything, and never takes long. */
export async function inspectDocker(image = postgresImage()): Promise<DockerFinding> {
  const state = await engineState()
  if (state !== 'up') {
    const detail = state === 'absent' ? 'no Docker engine answers' : 'the engine does not answer to this user'
    return { subject: 'docker', isUsable: false, detail }
  }
  const isUsable = await hasImage(image)
  return {
    subject: 'docker',
    isUsable,
    detail: isUsable ? `image ${image}` : `image ${image} is not present`,
  }
}

/** Pulls the image when it is not present. @throws InfrastructureError */
export async function startContainer(options: {
  image?: string
  readonly say: (line: string) => void
}): Promise<RawServer> {
  const { image = postgresImage(), say } = options
  await requireEngine('--postgres embedded')
  await sweepContainers()
  const isPresent = await hasImage(image)
  if (!isPresent) say(`pulling ${image}`)
  await dispenseWithReaper()
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql')
  try {
    const container = await new PostgreSqlContainer(image)
      .withUsername('postgres')
      .withDatabase('postgres')
      .withLabels({ [OWNER_LABEL]: `${process.pid}` })
      .withCommand(['postgres', '-c', 'fsync=off', '-c', 'full_page_writes=off'])
      .withStartupTimeout(START_DEADLINE_MS)
      .start()
    const stop = async (): Promise<void> => {
      await container.stop({ remove: true, removeVolumes: true })
    }
    // Without TLS, which `auto` would choose: inside a container the engine's host is no loopback address.
    const url = `${container.getConnectionUri()}?sslmode=disable`
    return { kind: 'container', url, stop, faults: containerFaults(container.getId(), url) }
  } catch (error) {
    if (isPresent) {
      throw new InfrastructureError(
        `a container of ${image} did not start: ${errorMessageOf(error)}`,
        `try: docker run --rm -e POSTGRES_PASSWORD=x ${image}`,
        { cause: error },
      )
    }
    throw new InfrastructureError(
      `image ${image} is not present and could not be pulled: ${errorMessageOf(error)}`,
      'without a registry: sim/postgres/image/build.sh, then set BLACKSKY_POSTGRES_IMAGE=blacksky-postgres:local',
      { cause: error },
    )
  }
}

/** Where the reaper's image is not at hand it would have to be pulled; stop() and the sweep do its work. */
async function dispenseWithReaper(): Promise<void> {
  if (process.env['TESTCONTAINERS_RYUK_DISABLED'] !== undefined) return
  if (!(await hasRepository('testcontainers/ryuk'))) process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true'
}
