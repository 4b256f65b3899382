/**
 * Takes a container's server down and lets it come back, over the engine's HTTP socket. Its data stay, as the
 * container does; its port on the host does not.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { InfrastructureError } from '../infrastructure-error.ts'
import { inspectContainer, signalContainer, startAgain } from '../docker/docker-engine.ts'
import { answers } from './postgres-server.ts'
import type { ServerFaults } from './server-faults.ts'

const DEADLINE_MS = 30_000
const POLL_MS = 50
const CONTAINER_PORT = 5_432

/** @param url of the server, as it was at the container's first start */
export function containerFaults(containerId: string, url: string): ServerFaults {
  return {
    goDown: async (how) => {
      // SIGINT: Postgres ends its clients and itself, and does not wait for them.
      await signalContainer(containerId, how === 'kill' ? 'SIGKILL' : 'SIGINT')
      await until(async () => (await inspectContainer(containerId))?.isRunning === false, 'does not go down')
    },
    comeBack: async () => {
      await startAgain(containerId)
      const back = new URL(url)
      await until(async () => {
        const port = (await inspectContainer(containerId))?.hostPorts[CONTAINER_PORT]
        if (port !== undefined) back.port = `${port}`
        return port !== undefined && answers(back.href)
      }, 'does not come back')
      return back.href
    },
  }
}

async function until(isMet: () => Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS
  while (!(await isMet())) {
    if (performance.now() > endMs) {
      throw new InfrastructureError(`the container of Postgres ${what}`, 'see: docker ps -a, docker logs')
    }
    await delay(POLL_MS)
  }
}
