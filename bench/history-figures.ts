/** The history of sent messages: how far bounds are exceeded, and what grows from the first tenth to the last. */

import { createPool } from '../src/adapters/postgres-pool.ts'
import { SystemMemoryProbe } from '../src/adapters/system-memory-probe.ts'
import { SILENT_LOGGER } from '../src/ports/silent-logger.ts'
import type { LabEnvironment, PostgresKind } from '../sim/cli/lab-environment.ts'
import { openPostgres } from '../sim/cli/workshop.ts'
import type { Figure } from './figure.ts'
import { playHistory } from './history-run.ts'
import type { HistoryPoint } from './history-run.ts'

/** The settings' defaults. */
const BOUNDS = { maxSent: 10_000, maxSentBytes: 20 * 1_048_576 }
const CHARS = 500

export interface HistoryFigures {
  readonly figures: readonly Figure[]
  readonly postgres: string
}

export async function measureHistory(
  environment: LabEnvironment,
  options: { readonly messages: number; readonly postgres: PostgresKind },
): Promise<HistoryFigures> {
  const postgres = await openPostgres(environment, options.postgres)
  const pool = createPool({
    databaseUrl: (await postgres.createDatabase()).url,
    maxConnections: 2,
    ssl: 'auto',
    applicationName: 'bench history',
    logger: SILENT_LOGGER,
  })
  try {
    const points: (HistoryPoint & { readonly heapBytes: number })[] = []
    const { mostKept, mostKeptBytes } = await playHistory({
      pool,
      sessionId: 'history',
      messages: options.messages,
      settings: BOUNDS,
      chars: CHARS,
      logger: SILENT_LOGGER,
      onTenth: (point) => {
        points.push({ ...point, heapBytes: heapAfterCollection() })
        environment.terminal.writeError(`${point.messages} messages, ${point.keptCount} kept\n`)
      },
    })
    const growth = (of: (point: (typeof points)[number]) => number): number => {
      const [first, last] = [points[0], points.at(-1)]
      return first === undefined || last === undefined ? Number.NaN : of(last) / of(first)
    }
    return {
      postgres: postgres.describe,
      figures: [
        watched('messages played', 'messages', options.messages),
        watched('kept at most / bound', '×', mostKept / BOUNDS.maxSent),
        watched('bytes kept at most / bound', '×', mostKeptBytes / BOUNDS.maxSentBytes),
        watched(
          'heap, last tenth / first',
          '×',
          growth(({ heapBytes }) => heapBytes),
        ),
        watched(
          'table, last tenth / first',
          '×',
          growth(({ tableBytes }) => tableBytes),
        ),
        watched('cache in front', 'bytes', points.at(-1)?.cachedBytes ?? Number.NaN),
      ],
    }
  } finally {
    await pool.end()
  }
}

function watched(name: string, unit: string, value: number): Figure {
  return { name, unit, rounds: [value], goal: undefined }
}

function heapAfterCollection(): number {
  const probe = new SystemMemoryProbe({ pids: () => [process.pid], usageOf: () => undefined })
  probe.collectGarbage()
  return probe.sample().heapUsedBytes
}
