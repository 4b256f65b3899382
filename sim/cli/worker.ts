/** The program of the lab's worker processes: the real engine, served over IPC. */

import { openVirtualDatabase } from '../world/virtual-database.ts'
import type { VirtualDatabase } from '../world/virtual-database.ts'
import { runScenario } from '../world/run.ts'
import type { RunEnvironment } from '../world/run.ts'
import type { RunRequest, RunResult } from '../world/run-result.ts'
import { serveRuns } from './serve-runs.ts'

serveRuns<VirtualDatabase>({ openDatabase: openVirtualDatabase, run })

async function run(request: RunRequest, environment: RunEnvironment): Promise<RunResult> {
  if (request.level !== 'real') return runScenario(request, environment)
  const { database, keepLines } = environment
  if (database === undefined) throw new Error('level real needs a database')
  // Loaded here because it brings in Baileys and a web server, and most runs are virtual.
  const { runReal } = await import('../real/run-real.ts')
  const { realTargetFrom } = await import('../targets/real/real-targets.ts')
  const { target, targetOptions = { folder: process.cwd() } } = request
  return runReal(request, {
    database,
    keepLines,
    target: realTargetFrom(target, { ...targetOptions, path: process.env['PATH'] ?? '' }),
    onProgress: (atMs) => environment.onProgress?.(atMs),
  })
}
