/**
 * What runs need of the machine: Postgres when one of them is at `virtual`, and the pool of workers. Both
 * belong to the command's lifetime from before they are opened.
 */

import type { LabEnvironment, PostgresKind, RunningPostgres } from './lab-environment.ts'
import { LabProblem } from './lab-problem.ts'
import { WorkerPool } from './worker-pool.ts'
import type { WorkerPoolOptions } from './worker-pool.ts'

export interface WorkshopOptions {
  readonly postgres: PostgresKind
  readonly needsDatabase: boolean
  /** Whether some are of real processes. */
  readonly isReal: boolean
  readonly workers: number
}

export interface Workshop {
  readonly pool: WorkerPool
  /** Which Postgres serves, e.g. `embedded 18.4`; undefined when none is needed. */
  readonly postgres: string | undefined
}

/** @throws InfrastructureError, LabProblem, Interrupted */
export async function openWorkshop(environment: LabEnvironment, options: WorkshopOptions): Promise<Workshop> {
  const postgres = options.needsDatabase ? await openPostgres(environment, options.postgres) : undefined
  return {
    pool: openPool(environment, postgres, { size: options.workers, hasOwnNode: options.isReal }),
    postgres: postgres?.describe,
  }
}

/** Workers that take their databases from `postgres`; without one they can run at `model` only. */
export function openPool(
  { engine, lifetime }: LabEnvironment,
  postgres: RunningPostgres | undefined,
  options: Pick<WorkerPoolOptions, 'size' | 'hasOwnNode'>,
): WorkerPool {
  const pool = new WorkerPool({
    ...options,
    workerUrl: engine.workerUrl,
    createDatabase: postgres === undefined ? undefined : () => postgres.createDatabase(),
  })
  lifetime.own(() => pool.stop(lifetime.isInterrupted))
  return pool
}

/** @throws InfrastructureError, LabProblem, Interrupted */
export async function openPostgres(
  environment: LabEnvironment,
  kind: PostgresKind,
): Promise<RunningPostgres> {
  const { engine, terminal, lifetime, databaseUrl } = environment
  if (kind === 'url' && (databaseUrl ?? '') === '') {
    throw new LabProblem({
      what: '--postgres url needs DATABASE_URL, and it is not set',
      where: 'the environment',
      mend: 'set DATABASE_URL=postgres://user:password@host:5432/database, or use --postgres auto',
    })
  }
  const starting = engine.startPostgres({
    kind,
    ...(databaseUrl === undefined || kind !== 'url' ? {} : { url: databaseUrl }),
    say: (line) => terminal.writeError(`${terminal.colors.dim(line)}\n`),
  })
  // Owned while it starts: a Ctrl-C now must stop what the start will have brought up.
  lifetime.own(async () => {
    const started = await starting.catch(() => undefined)
    await started?.stop()
  })
  return lifetime.unlessInterrupted(starting)
}
