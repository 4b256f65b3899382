/** `kill-sweep` on the command line: what it says, writes and exits with; its points are stand-ins. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lab, readJson, temporaryFolder } from './support/stand-in-lab.ts'

const STALE = { claim: 'no-stale-write', message: 'bot-1 wrote into blacksky_keys' } as const
const BROKEN = { 'bot/commit-put/late': { verdict: 'broken', violations: [STALE] } } as const

describe('kill-sweep', () => {
  it('sums up by write, moment and victim, and exits 0 when all points hold', async () => {
    const { exitCode, out } = await lab('kill-sweep --points 50')
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^50 kill points, seed 1, Postgres embedded, 2 lanes\nsettings: SEND_GAP_MS=0\n/)
    expect(out).toMatch(/\nwrite +moment +bot +supervisor +postgres\n/)
    expect(out).toMatch(/\n50 points \(50 different\): 50 hold in /)
  })

  it('writes the results as JSON', async () => {
    const directory = temporaryFolder()
    await lab('kill-sweep --points 50 --seed 3 --json sweep.json', { directory })
    expect(readJson(join(directory, 'sweep.json'))).toMatchObject({
      seed: 3,
      postgres: 'embedded',
      settings: { SEND_GAP_MS: '0' },
      summary: { points: 50, distinct: 50, verdicts: { holds: 50, broken: 0, vacuous: 0 } },
      failures: [],
    })
  })

  it('says what broke and leaves a file that runs the point again; exit 1', async () => {
    const directory = temporaryFolder()
    const { exitCode, out } = await lab('kill-sweep --points 50', { directory, sweep: BROKEN })
    expect(exitCode).toBe(1)
    expect(out).toContain(`no-stale-write: ${STALE.message}`)
    expect(out).toMatch(/commit-put +late +1 of 1 fail/)
    const path = / file {4}(\S+)/.exec(out)?.[1] ?? ''
    expect(readJson(join(directory, path))).toMatchObject({ violations: [STALE], lines: ['the last line'] })
    const again = await lab(`kill-sweep --point ${path} --points 3`, { directory, sweep: BROKEN })
    expect(again.exitCode).toBe(1)
    expect(again.out).toContain('3 points (1 different): 0 hold, 3 broken')
  })

  it('exits 3 when a write never came about, and says so', async () => {
    const sweep = { 'postgres/release-lease': { verdict: 'vacuous', violations: [] } } as const
    const { exitCode, out } = await lab('kill-sweep --points 110', { sweep })
    expect(exitCode).toBe(3)
    expect(out).toContain('the write never came about')
  })

  it('shows what it has judged when the lab itself fails', async () => {
    const { exitCode, out, err } = await lab('kill-sweep --points 10 --json sweep.json', {
      sweep: { 'postgres/settle-reply': 'fails' },
    })
    expect(exitCode).toBe(5)
    expect(err).toContain('error: the stand-in fails')
    expect(out).toMatch(/\n2 points \(2 different\): 2 hold in /)
  })

  it('leaves a Postgres alive that is not its own', async () => {
    const call = { databaseUrl: 'postgres://u@127.0.0.1/d' }
    const { exitCode, out } = await lab('kill-sweep --points 77 --postgres url', call)
    expect(exitCode).toBe(0)
    expect(out).toMatch(/ 77 hold/)
    expect(out).not.toMatch(/late +\d+ +– +\d/)
    expect((await lab('kill-sweep --point postgres/renew-lease/unsent --postgres url', call)).exitCode).toBe(
      2,
    )
  })

  it.each([
    ['kill-sweep --point bot/commit-put', '"bot/commit-put" is no kill point'],
    ['kill-sweep --point bot/drop-table/unsent', '"bot/drop-table/unsent" is no kill point'],
    ['kill-sweep --point none.json', 'the kill point cannot be read'],
    ['kill-sweep --points 0', '"0" is not a whole number from 1 to 100000'],
    ['kill-sweep --mutant nobody', "option '--mutant <name>' argument 'nobody' is invalid"],
    ['kill-sweep --json no/such/folder.json', 'there is no folder for the JSON report'],
    ['kill-sweep --postgres url', '--postgres url needs DATABASE_URL'],
  ])('%s: one message, exit 2, nothing written', async (words, message) => {
    const directory = temporaryFolder()
    const { exitCode, err } = await lab(words, { directory })
    expect(exitCode).toBe(2)
    expect(err).toContain(`error: ${message}`)
    expect(existsSync(join(directory, '.lab'))).toBe(false)
  })
})
