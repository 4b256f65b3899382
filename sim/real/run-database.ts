/**
 * The database of one run: the worker's, or one on a server of the run's own where a fault strikes the server itself,
 * which the runs beside it must not meet.
 */

import type { RealFault } from '../faults/real-fault.ts'
import { startPostgres } from '../postgres/provider.ts'
import type { ServerFaults } from '../postgres/server-faults.ts'

export interface RunDatabase {
  /** Migrated. */
  readonly url: string
  /** E.g. `PostgreSQL 18.4`. */
  readonly describe: string
  /** Undefined where the server is shared, and nothing may be done to it. */
  readonly faults: ServerFaults | undefined
  /** Ends a server of the run's own. */
  close(): Promise<void>
}

/** @throws InfrastructureError */
export async function openRunDatabase(
  faults: readonly RealFault[],
  shared: Pick<RunDatabase, 'url' | 'describe'>,
): Promise<RunDatabase> {
  if (!faults.some(({ kind }) => kind === 'postgres-server')) {
    return { ...shared, faults: undefined, close: () => Promise.resolve() }
  }
  const server = await startPostgres({ kind: 'auto', say: () => undefined })
  try {
    const { url } = await server.createDatabase()
    return { url, describe: server.describe, faults: server.faults, close: () => server.stop() }
  } catch (error) {
    await server.stop()
    throw error
  }
}
