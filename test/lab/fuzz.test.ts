/**
 * Random worlds: whatever mixture of faults strikes, no claim breaks, and both levels agree. They are the same in
 * every run of the tests; LAB_FUZZ_WORLDS and LAB_FUZZ_SEED ask for more and for others. What breaks is made
 * smaller until nothing can be left out, and left as a scenario file with the command that runs it.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openVirtualDatabase } from '../../sim/world/virtual-database.ts'
import { testDatabase } from '../support/database.ts'
import { live, randomWorlds } from './support/random-worlds.ts'
import type { RandomWorld } from './support/random-worlds.ts'

const WORLDS = Number(process.env['LAB_FUZZ_WORLDS'] ?? 40)
const WORLDS_ON_POSTGRES = Math.ceil(WORLDS / 8)
const SEED = Number(process.env['LAB_FUZZ_SEED'] ?? 2)
/** A world takes some 50 ms, and the search for the smallest one some hundred worlds. */
const TIMEOUT_MS = 60_000 + WORLDS * 1_000

/** What broke, in words; undefined for a world that holds, or in which a fault never struck. */
async function breach(world: RandomWorld): Promise<string | undefined> {
  const { verdict, violations } = await live(world)
  if (verdict === 'holds' || verdict === 'vacuous') return undefined
  return violations.map(({ claim, atMs, message }) => `${claim} at ${atMs} ms: ${message}`).join('\n')
}

/** How to see it again. */
async function report({ scenario, seed }: RandomWorld): Promise<string> {
  const file = `.lab/fuzz-${seed}.json`
  mkdirSync('.lab', { recursive: true })
  writeFileSync(file, JSON.stringify(scenario, undefined, 2))
  const command = `npm run lab -- run ${file} --level model --seed ${seed}`
  return [`${await breach({ scenario, seed })}`, `again: ${command}`, JSON.stringify(scenario.faults)].join(
    '\n',
  )
}

describe('random worlds', () => {
  it(
    'break no claim',
    async () => {
      const property = fc.asyncProperty(randomWorlds(), async (world) => (await breach(world)) === undefined)
      const found = await fc.check(property, { numRuns: WORLDS, seed: SEED })
      const [smallest] = found.counterexample ?? []
      expect(smallest === undefined ? 'nothing broke' : await report(smallest)).toBe('nothing broke')
      expect(found.numRuns).toBe(WORLDS)
    },
    TIMEOUT_MS,
  )

  it(
    'give the same trace on Postgres as in memory',
    async () => {
      const database = await openVirtualDatabase(await testDatabase())
      try {
        for (const world of fc.sample(randomWorlds(), { numRuns: WORLDS_ON_POSTGRES, seed: SEED })) {
          const atModel = await live(world)
          const onPostgres = await live(world, database)
          expect([world.seed, onPostgres.traceHash]).toEqual([world.seed, atModel.traceHash])
        }
      } finally {
        await database.close()
      }
    },
    TIMEOUT_MS,
  )
})
