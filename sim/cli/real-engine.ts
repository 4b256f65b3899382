/** The engine as it is used outside tests: the project's scenarios, the real Postgres provider and worker. */

import { availableParallelism, loadavg } from 'node:os'
import { scenarios, subsets } from '../../scenarios/index.ts'
import { inspectDocker } from '../postgres/container.ts'
import { startPostgres } from '../postgres/provider.ts'
import type { LabEngine } from './lab-environment.ts'

export const realEngine: LabEngine = {
  scenarios,
  subsets,
  workerUrl: new URL('worker.ts', import.meta.url),
  startPostgres,
  inspectDocker: () => inspectDocker(),
  buildBot: async (say) => (await import('../real/production-app.ts')).ensureBuilt(say),
  buildBotImage: async (say) => (await import('../real/bot-image.ts')).buildBotImage(say),
  checkImage: async (image, without) =>
    (await import('../dyno/real/housing/container-check.ts')).checkContainerDyno(
      { image, mounts: [] },
      without,
    ),
  loadPerCore: () => Math.round(((loadavg()[0] ?? 0) / availableParallelism()) * 10) / 10,
  createKillSweep: async (request) => (await import('../kill-sweep/kill-sweep.ts')).createKillSweep(request),
}
