/**
 * Takes an embedded server down and lets it come back. Its keeper (embedded.ts) starts it again when the file
 * `down` goes, and ends everything when the server ends without that file.
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { signalQuietly } from '../dyno/real/dyno-processes.ts'
import { readProcesses } from '../dyno/real/process-table.ts'
import { InfrastructureError } from '../infrastructure-error.ts'
import { answers } from './postgres-server.ts'
import type { ServerFaults } from './server-faults.ts'

const DEADLINE_MS = 30_000
const POLL_MS = 20

export function embeddedFaults(folder: string, url: string): ServerFaults {
  const downFile = join(folder, 'down')
  return {
    goDown: async (how) => {
      writeFileSync(downFile, '')
      const server = serverPid(folder)
      const processes = [server, ...childrenOf(server)]
      // In order, but at once: clients are ended, not waited for.
      if (how === 'stop') signalQuietly(server, 'SIGINT')
      else for (const pid of processes) signalQuietly(pid, 'SIGKILL')
      await until(() => Promise.resolve(!processes.some(isAlive)), 'does not go down')
    },
    comeBack: async () => {
      rmSync(downFile, { force: true })
      await until(() => answers(url), 'does not come back')
      return url
    },
  }
}

/** @throws InfrastructureError when it does not run */
function serverPid(folder: string): number {
  try {
    return Number.parseInt(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10)
  } catch (error) {
    throw new InfrastructureError('the embedded Postgres is down already', 'let it come back first', {
      cause: error,
    })
  }
}

function childrenOf(pid: number): number[] {
  return readProcesses().flatMap((entry) => (entry.parentPid === pid ? [entry.pid] : []))
}

function isAlive(pid: number): boolean {
  return readProcesses().some((entry) => entry.pid === pid && !entry.isZombie)
}

async function until(isMet: () => Promise<boolean>, what: string): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS
  while (!(await isMet())) {
    if (performance.now() > endMs) {
      throw new InfrastructureError(`the embedded Postgres ${what}`, 'look at postgres.log in its folder')
    }
    await delay(POLL_MS)
  }
}
