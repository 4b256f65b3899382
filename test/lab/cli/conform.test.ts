/** `conform` on the command line: what it says, writes and exits with; its runs are stand-ins. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defineScenario } from '../../../sim/scenario.ts'
import type { Scenario, ScenarioInput } from '../../../sim/scenario.ts'
import { lab, readJson, temporaryFolder } from './support/stand-in-lab.ts'
import type { LabAnswer, LabCall } from './support/stand-in-lab.ts'

function scenarioNamed(name: string, real: Partial<NonNullable<ScenarioInput['real']>> = {}): Scenario {
  const claims = { always: ['single-socket' as const] }
  return defineScenario({
    id: `dyno-restart/${name}`,
    family: 'dyno-restart',
    proves: `what a run called ${name} comes to`,
    durationMs: 60_000,
    claims,
    real: { durationMs: 10_000, claims, ...real },
  })
}

const SCENARIOS = [
  scenarioNamed('sound'),
  scenarioNamed('broken'),
  scenarioNamed('broken-at-real'),
  scenarioNamed('lossy'),
  scenarioNamed('compressed', { compress: 60 }),
]

function conform(words: string, call: LabCall = {}): Promise<LabAnswer> {
  return lab(`conform ${words}`, { scenarios: SCENARIOS, ...call })
}

describe('conform', () => {
  it('compares a real run with ten virtual ones, and exits 0 when they agree', async () => {
    const { exitCode, out } = await conform('dyno-restart/sound dyno-restart/broken')
    expect(exitCode).toBe(0)
    expect(out).toMatch(/dyno-restart\/sound +1 +same +same \(0 pairs\) +none asked .*conforms/)
    expect(out).toContain('2 of 2 scenarios conform')
  })

  it('says where the levels disagree; exit 1', async () => {
    const { exitCode, out } = await conform('dyno-restart/broken-at-real --runs 2')
    expect(exitCode).toBe(1)
    expect(out).toContain('single-socket breaks in 2 of 2 real runs and 0 of 10 virtual ones')
  })

  it('is undecided, exit 3, where runs put nothing to the test or nobody read their memory', async () => {
    const scenarios = [scenarioNamed('vacuous'), scenarioNamed('unread')]
    const { exitCode, out } = await conform('--all', { scenarios })
    expect(exitCode).toBe(3)
    expect(out).toMatch(/dyno-restart\/vacuous .* undecided/)
    expect(out).toContain('nothing was put to the test in 1 of 1 real runs and 10 of 10 virtual ones')
    expect(out).toMatch(/dyno-restart\/unread .* not compared .* undecided/)
    expect(out).toContain('0 of 2 scenarios conform')
  })

  it('with --all takes every scenario that has a real part, and says why one is not compared', async () => {
    const { out } = await conform('--all')
    expect(out).toContain(
      "not compared: dyno-restart/compressed: the virtual world does not compress Heroku's calendar",
    )
    expect(out).toContain('2 of 3 scenarios conform')
  })

  it('keeps real runs, does not make them again, and adds the missing ones', async () => {
    const directory = temporaryFolder()
    const words = 'dyno-restart/sound --observations runs.json'
    await conform(`${words} --runs 2`, { directory })
    const kept = readFileSync(join(directory, 'runs.json'), 'utf8')
    expect(JSON.parse(kept)).toMatchObject({ observations: [{ seed: 1 }, { seed: 2 }] })
    const again = await conform(`${words} --runs 2`, { directory })
    expect(again.out).toMatch(/dyno-restart\/sound +2 /)
    expect(readFileSync(join(directory, 'runs.json'), 'utf8')).toBe(kept)
    expect((await conform(`${words} --runs 3`, { directory })).out).toMatch(/dyno-restart\/sound +3 /)
  })

  it('leaves kept runs of a scenario that has changed since out, says so, and makes them anew', async () => {
    const directory = temporaryFolder()
    const words = 'dyno-restart/sound --runs 1 --observations runs.json'
    await conform(words, { directory })
    const kept = readFileSync(join(directory, 'runs.json'), 'utf8')
    const scenarios = [scenarioNamed('sound', { durationMs: 11_000 })]
    const { out } = await conform(words, { directory, scenarios })
    expect(out).toContain('left out: 1 kept run of dyno-restart/sound, which has changed since')
    expect(out).toMatch(/dyno-restart\/sound +1 /)
    expect(readFileSync(join(directory, 'runs.json'), 'utf8')).not.toBe(kept)
  })

  it('writes the comparison as JSON', async () => {
    const directory = temporaryFolder()
    await conform('dyno-restart/sound --json c.json', { directory })
    expect(readJson(join(directory, 'c.json'))).toMatchObject({
      agree: { of: 1, claims: 1, order: 1, reclaimers: 1, everything: 1 },
      scenarios: [
        { scenario: 'dyno-restart/sound', realRuns: 1, virtualRuns: 10, conforms: true, set: null },
      ],
    })
  })

  it('does not count a real run of a starved bot, says so, and makes it when there is less load', async () => {
    const directory = temporaryFolder()
    const words = 'dyno-restart/sound --observations runs.json'
    const busy = await conform(words, { directory, loadPerCore: 4.1 })
    expect(busy.exitCode).toBe(3)
    expect(busy.out).toContain('not counted: 1 real run of dyno-restart/sound on a machine with more than 4')
    expect((await conform(words, { directory, loadPerCore: 4 })).out).toMatch(/dyno-restart\/sound +1 /)
    const runs = readFileSync(join(directory, 'runs.json'), 'utf8')
    writeFileSync(join(directory, 'runs.json'), runs.replace('"loadPerCore":4', '"loadPerCore":4.1'))
    expect((await conform(`${words} --runs 0`, { directory })).out).toContain('not counted: 1 real run of')
  })

  it('has nothing to compare when the lab could not finish the real run; exit 3', async () => {
    const { exitCode, out } = await conform('dyno-restart/lossy')
    expect(exitCode).toBe(3)
    expect(out).toContain('no real run to compare with')
  })
})

describe('bad input', () => {
  it.each([
    ['--all dyno-restart/sound', /--all and names of scenarios exclude each other/],
    ['dyno-restart/compressed', /cannot be compared: the virtual world does not compress/],
    ['dyno-restart/sond', /did you mean "dyno-restart\/sound"/],
    ['--runs many', /"many" is not a whole number/],
    ['--all --json nowhere/c.json', /there is no folder/],
  ])('conform %s', async (words, message) => {
    const { exitCode, err } = await conform(words)
    expect(exitCode).toBe(2)
    expect(err).toMatch(message)
  })

  it.each(['{', '{"format":1,"observations":[]}', '{"format":2,"observations":[{"seed":"x"}]}'])(
    'a file of observations that holds %s is refused and kept',
    async (content) => {
      const directory = temporaryFolder()
      writeFileSync(join(directory, 'runs.json'), content)
      const { exitCode, err } = await conform('--all --observations runs.json --json c.json', { directory })
      expect(exitCode).toBe(2)
      expect(err).toContain('where: --observations')
      expect(readFileSync(join(directory, 'runs.json'), 'utf8')).toBe(content)
      expect(existsSync(join(directory, 'c.json'))).toBe(false)
    },
  )
})
