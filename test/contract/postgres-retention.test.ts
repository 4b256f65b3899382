/** The bounds of the sent messages on a real server, played as the bench plays a million of them. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { playHistory } from '../../bench/history-run.ts'
import type { HistoryPoint } from '../../bench/history-run.ts'
import { createPool } from '../../src/adapters/postgres-pool.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { testDatabase } from '../support/database.ts'
import { freshSession } from './store-fixture.ts'
import type pg from 'pg'

let pool: pg.Pool
const logger = new RecordingLogger()
beforeAll(async () => {
  const databaseUrl = await testDatabase()
  pool = createPool({
    databaseUrl,
    maxConnections: 2,
    ssl: 'auto',
    applicationName: 'retention-test',
    logger,
  })
})
afterAll(() => pool.end())

async function play(settings: { maxSent: number; maxSentBytes: number }) {
  const points: HistoryPoint[] = []
  const result = await playHistory({
    pool,
    sessionId: freshSession(),
    messages: 6_000,
    settings,
    chars: 100,
    logger,
    onTenth: (point) => points.push(point),
  })
  return { ...result, points }
}

it('keeps a count of sent messages, however many follow', async () => {
  const { mostKept, points } = await play({ maxSent: 500, maxSentBytes: 1e9 })
  expect(points).toHaveLength(10)
  expect(mostKept).toBe(500)
})

it('keeps a number of bytes, and the table does not grow with what went through it', async () => {
  const { mostKept, mostKeptBytes, points } = await play({ maxSent: 1_000, maxSentBytes: 50_000 })
  expect([mostKept, mostKeptBytes]).toEqual([500, 50_000])
  const sizes = points.map(({ tableBytes }) => tableBytes)
  expect(Math.max(...sizes)).toBeLessThan(2 * (sizes[0] ?? 0))
  expect(Math.max(...points.map(({ cachedBytes }) => cachedBytes))).toBeLessThan(262_144)
})
