import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LabAnswer } from './support/stand-in-lab.ts'
import {
  lab,
  readJson,
  scenarioWithRealPart,
  StandInPostgres,
  temporaryFolder,
} from './support/stand-in-lab.ts'

/** Whose runs at the real level measure 100 MB, one connection, four commands answered, and no slope. */
const scenarios = ['sound', 'broken', 'lossy'].map((name) => scenarioWithRealPart(name, 5_000))

function run(words: string, directory = temporaryFolder()): Promise<LabAnswer> {
  return lab(`run ${words}`, { scenarios, directory })
}

describe('bounds of run', () => {
  it.each([
    ['0 when they hold', 'sound', '--assert connects/min<=6 --assert rss-peak<=85%', 0],
    ['1 when one is broken', 'sound', '--assert connects/min<=6 --assert lost>0', 1],
    ['3 when one is undecided', 'sound', '--assert rss-slope<1MB/h', 3],
    ['1 when they hold and a claim is broken', 'broken', '--assert lost=0', 1],
    ['5 when the lab failed', 'lossy', '--assert lost=0', 5],
  ])('end with exit code %s', async (_title, name, words, exitCode) => {
    expect((await run(`disconnect-storm/${name} --level real ${words}`)).exitCode).toBe(exitCode)
  })

  it('are a table after the runs, and part of the JSON report', async () => {
    const directory = temporaryFolder()
    const words = '--level real --assert lost>0 --assert rss-peak<=85% --json report.json'
    const { out } = await run(`disconnect-storm/sound ${words}`, directory)
    expect(out).toMatch(/lost>0 +disconnect-storm\/sound +1 +broken +0\n/)
    expect(out).toMatch(/rss-peak<=85% .* holds +100 MB; the bound is 435 MB\n/)
    expect(readJson(join(directory, 'report.json'))['assertions']).toMatchObject([
      { assertion: 'lost>0', verdict: 'broken', value: 0, limit: 0 },
      { assertion: 'rss-peak<=85%', verdict: 'holds' },
    ])
  })

  it('compare with the measurements of an earlier run', async () => {
    const directory = temporaryFolder()
    const first = await run(
      'disconnect-storm/sound --level real --seeds 2 --measurements main.json',
      directory,
    )
    expect(first.exitCode).toBe(0)
    expect(readJson(join(directory, 'main.json'))['runs']).toHaveLength(2)
    const again = await run('disconnect-storm/sound --level real --baseline main.json', directory)
    expect(again.exitCode).toBe(0)
    expect(again.out).toMatch(/rss-peak<=baseline\+15% .* holds +100 MB; the bound is 115 MB\n/)
    const worse = await run(
      'disconnect-storm/sound --level real --baseline main.json --assert rss-peak<=baseline-5%',
      directory,
    )
    expect(worse.exitCode).toBe(1)
  })
})

describe('--minutes', () => {
  it('makes a short run longer, and no run shorter', async () => {
    const directory = temporaryFolder()
    const durations = async (minutes: string): Promise<unknown> => {
      await run(`disconnect-storm/broken --level real ${minutes}`, directory)
      const file = readJson(join(directory, '.lab/disconnect-storm-broken-1.run.lab.json'))
      return file['scenario']
    }
    expect(await durations('')).toMatchObject({ real: { durationMs: 5_000 } })
    expect(await durations('--minutes 90')).toMatchObject({ real: { durationMs: 90 * 60_000 } })
  })
})

describe('--jobs', () => {
  it.each([
    ['real runs take place one at a time unless more are asked for', '', 1],
    ['each of several real runs beside each other has a database of its own', '--jobs 2', 2],
    ['there are never more workers than runs', '--jobs 9', 3],
  ])('%s', async (_title, jobs, workers) => {
    const postgres = new StandInPostgres()
    const words = `run disconnect-storm/sound --level real --seeds 3 ${jobs}`
    const { exitCode, out } = await lab(words, { scenarios, postgres })
    expect(exitCode).toBe(0)
    expect(out).toMatch(new RegExp(`, ${workers} workers?\n`))
    expect(new Set(postgres.dropped).size).toBe(workers)
  })
})

describe('wrong bounds', () => {
  it.each([
    ['--level real --assert conects<1', 'unknown metric "conects"'],
    ['--level real --assert rss-peak<1', 'rss-peak needs a unit'],
    ['--level real --assert lost<=baseline', 'the bound is on a baseline, and none is given'],
    ['--level real --baseline none.json', 'the measurements cannot be read'],
    ['--level real --baseline odd.json', 'this is JSON, but not a file of measurements'],
    ['--level real --measurements no/such/folder.json', 'there is no folder for the file'],
    ['--level model --assert lost=0', 'only real processes are measured from outside'],
    ['--minutes 90', 'only real processes are measured from outside'],
    ['--level real --minutes 0', '"0" is not a whole number from 1 to 1440'],
    ['--measurements m.json', 'only real processes are measured from outside'],
  ])('%s: one message, exit code 2, nothing run', async (words, message) => {
    const directory = temporaryFolder()
    writeFileSync(join(directory, 'odd.json'), '{}')
    const { exitCode, out, err } = await run(`disconnect-storm/sound ${words}`, directory)
    expect([exitCode, out]).toEqual([2, ''])
    expect(err).toContain(message)
    expect(err).toMatch(/^error: [^\n]+\n {2}where: [^\n]+\n {2}mend: [^\n]+\n$/)
    expect(existsSync(join(directory, 'm.json'))).toBe(false)
  })

  it('a baseline without the scenario is said before anything runs', async () => {
    const directory = temporaryFolder()
    await run('disconnect-storm/sound --level real --measurements main.json', directory)
    const { exitCode, out, err } = await run(
      'disconnect-storm/broken --level real --baseline main.json',
      directory,
    )
    expect([exitCode, out]).toEqual([2, ''])
    expect(err).toContain('the baseline has no run of disconnect-storm/broken')
  })
})
