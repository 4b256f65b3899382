import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LEDGER_CONSTANTS } from '../../../sim/fakes/ledger-constants.ts'
import { InfrastructureError } from '../../../sim/infrastructure-error.ts'
import { lab, readJson, scenarioNamed, StandInPostgres, temporaryFolder } from './support/stand-in-lab.ts'

const storm = 'disconnect-storm'

describe('exit code of run', () => {
  it.each([
    ['0 when every claim holds', `${storm}/sound`, 0],
    ['1 when a claim is broken', `${storm}/broken`, 1],
    ['3 when nothing was proved', 'postgres/vacuous', 3],
    ['5 when the lab itself failed', 'postgres/lossy', 5],
    ['1 before 3', `${storm}/broken postgres/vacuous`, 1],
    ['4 before 1', `${storm}/broken dyno-restart/random --repeat 2`, 4],
    ['5 before 4', 'postgres/lossy dyno-restart/random --repeat 2', 5],
  ])('is %s', async (_title, words, exitCode) => {
    expect((await lab(`run ${words}`)).exitCode).toBe(exitCode)
  })

  it('is 5 for a run whose worker died, and the other runs go on', async () => {
    const { exitCode, out } = await lab(`run dyno-restart/dies ${storm}/sound --jobs 1`)
    expect(exitCode).toBe(5)
    expect(out).toContain('the worker process exited with code 7: Error: out of luck')
    expect(out).toMatch(/disconnect-storm\/sound +model +1 +holds/)
  })

  it('is 5 when no worker can be started, with the reason', async () => {
    const { exitCode, err } = await lab(`run ${storm}/sound`, {
      workerUrl: new URL('file:///no/such/worker.ts'),
    })
    expect(exitCode).toBe(5)
    expect(err).toMatch(
      /^error: the worker process exited with code 1: .*\n {2}where: .+\n {2}mend: run it by hand/,
    )
  })
})

describe('selection', () => {
  it('runs all scenarios without words', async () => {
    const scenarios = [scenarioNamed('sound'), scenarioNamed('sound', 'postgres')]
    const { exitCode, out } = await lab('', { scenarios })
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^2 runs: 2 scenarios, seed 1, model, target bot, no Postgres needed, 2 workers\n/)
  })

  it('takes a family, and each scenario once', async () => {
    const { out } = await lab(`run ${storm} ${storm}/sound`)
    expect(out).toMatch(/^2 runs: 2 scenarios/)
  })

  it('runs the seeds 1 to N', async () => {
    const { out } = await lab(`run ${storm}/sound --seeds 3`)
    expect(out).toMatch(/^3 runs: 1 scenario, seeds 1 to 3/)
    expect(out.match(/disconnect-storm\/sound +model +\d +holds/g)).toHaveLength(3)
  })

  it('puts the seeds of a scenario that hold into one row when there are many', async () => {
    const { out } = await lab(`run ${storm}/sound ${storm}/broken --seeds 40`)
    expect(out).toMatch(/disconnect-storm\/sound +model +40 seeds +holds/)
    expect(out.match(/disconnect-storm\/broken +model +\d+ +broken/g)).toHaveLength(40)
  })

  it.each([
    [`${storm}/soud`, `"${storm}/sound"`],
    ['disconect-storm', `"${storm}"`],
    ['on-postgras', '"512mb-quota/on-postgres"'],
    ['dokter', 'the command "doctor"'],
  ])('suggests the nearest for the unknown word %s', async (word, nearest) => {
    const { exitCode, out, err } = await lab(`run ${word}`)
    expect(exitCode).toBe(2)
    expect(out).toBe('')
    expect(err).toContain(`error: unknown scenario "${word}"\n  where: the scenarios to run\n`)
    expect(err).toContain(`did you mean ${nearest}?`)
  })

  it.each([
    ['--seed x', '"x" is not a whole number from 0 on'],
    ['--seed 1.5', '"1.5" is not a whole number'],
    ['--seeds 0', '"0" is not a whole number from 1 to 100000'],
    ['--seed 1 --seeds 2', 'cannot be used with'],
    ['--level modle', 'Allowed choices are model, virtual'],
    ['--sed 1', "unknown option '--sed'"],
    [`--all ${storm}`, '--all and names of scenarios exclude each other'],
    ['--json no/such/folder/x.json', 'there is no folder for the file'],
  ])('refuses %s with one message and exit code 2', async (words, message) => {
    const { exitCode, out, err } = await lab(`run ${words}`)
    expect(exitCode).toBe(2)
    expect(out).toBe('')
    expect(err).toContain(message)
    expect(err).toMatch(/^error: [^\n]+\n {2}where: [^\n]+\n {2}mend: [^\n]+\n$/)
  })
})

describe('scenario files', () => {
  it('runs a scenario of one’s own from JSON', async () => {
    const directory = temporaryFolder()
    writeFileSync(join(directory, 'own.json'), JSON.stringify({ ...scenarioNamed('own') }))
    const { exitCode, out } = await lab('run own.json', { directory })
    expect(exitCode).toBe(0)
    expect(out).toContain(`${storm}/own`)
  })

  it('runs what a module exports', async () => {
    const directory = temporaryFolder()
    const text = `export const mine = ${JSON.stringify(scenarioNamed('mine'))}\nexport const other = 7\n`
    writeFileSync(join(directory, 'own.ts'), text)
    const { exitCode, out } = await lab('run own.ts', { directory })
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^1 run: 1 scenario/)
  })

  it('names each wrong field by its path and what was expected', async () => {
    const directory = temporaryFolder()
    const wrong = {
      ...scenarioNamed('own'),
      durationMs: 'long',
      colour: 'red',
      faults: [{ kind: 'disconect', atMs: 5 }],
    }
    writeFileSync(join(directory, 'own.json'), JSON.stringify(wrong))
    const { exitCode, err } = await lab('run own.json', { directory })
    expect(exitCode).toBe(2)
    expect(err).toContain('durationMs: expected number, received string')
    expect(err).toMatch(/faults\[0\]\.kind: expected one of disconnect, storm/)
    expect(err).toContain('no such field: colour')
    expect(err).toContain('where: own.json')
  })

  it('refuses settings that the bot would refuse', async () => {
    const directory = temporaryFolder()
    const wrong = { ...scenarioNamed('own'), settings: { MEMORY_CLEANUP_THRESHOLD: '99' } }
    writeFileSync(join(directory, 'own.json'), JSON.stringify(wrong))
    const { exitCode, err } = await lab('run own.json', { directory })
    expect(exitCode).toBe(2)
    expect(err).toContain('MEMORY_CLEANUP_THRESHOLD')
  })

  it.each([
    ['truncated JSON', 'own.json', '{ "version": 1,'],
    ['a module with a syntax error', 'own.ts', 'export const = 1'],
    ['a module without scenarios', 'own.ts', 'export const x = 1'],
  ])('refuses %s', async (_title, file, text) => {
    const directory = temporaryFolder()
    writeFileSync(join(directory, file), text)
    const { exitCode, err } = await lab(`run ${file}`, { directory })
    expect(exitCode).toBe(2)
    expect(err).toContain(`where: ${file}`)
  })

  it('refuses a file that is not there', async () => {
    const { exitCode, err } = await lab('run gone.json')
    expect(exitCode).toBe(2)
    expect(err).toContain('cannot be loaded')
  })
})

describe('what run leaves', () => {
  it('writes a run file for each failure and says how to replay it', async () => {
    const directory = temporaryFolder()
    const { out } = await lab(`run ${storm} --seed 7`, { directory })
    const path = '.lab/disconnect-storm-broken-7.run.lab.json'
    expect(out).toContain('single-socket at 00:01:01.250: two connections at once')
    expect(out).toContain(`npm run lab -- replay ${path}`)
    expect(readdirSync(join(directory, '.lab'))).toEqual(['disconnect-storm-broken-7.run.lab.json'])
    expect(readJson(join(directory, path))).toMatchObject({
      format: 1,
      scenario: { id: `${storm}/broken`, durationMs: 3_600_000 },
      level: 'model',
      seed: 7,
      target: 'bot',
      versions: { node: process.versions.node, codeDigest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      verdict: 'broken',
      violations: [{ claim: 'single-socket', atMs: 61_250 }],
      traceHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      traceEvents: 3,
      lines: ['0 dyno boot {}', '1 whatsapp open {"seed":7}', '2 bot reply {"n":1}'],
    })
  })

  it('names the claims that the old behaviour breaks', async () => {
    const { exitCode, out } = await lab(`run ${storm} --target before`)
    expect(exitCode).toBe(1)
    expect(out).toContain('broken claims: single-socket (2 runs)')
  })

  it('writes the JSON report whole, also when something broke', async () => {
    const directory = temporaryFolder()
    await lab(`run ${storm} --json report.json`, { directory })
    expect(readdirSync(directory).toSorted()).toEqual(['.lab', 'report.json'])
    const shape = {
      family: storm,
      level: 'model',
      target: 'bot',
      seed: 1,
      virtualMs: 3_600_000,
      wallMs: 2,
      postgres: null,
      traceHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    }
    expect(readJson(join(directory, 'report.json'))).toEqual({
      runs: [
        { ...shape, scenario: `${storm}/sound`, verdict: 'holds', violations: [] },
        {
          ...shape,
          scenario: `${storm}/broken`,
          verdict: 'broken',
          violations: [{ claim: 'single-socket', atMs: 61_250, message: 'two connections at once' }],
        },
      ],
    })
  })

  it('says how far the memory model can be trusted when it was used', async () => {
    const quota = await lab('run 512mb-quota')
    const other = await lab(`run ${storm}/sound`)
    expect(quota.out).toContain(`note: the memory model is ${LEDGER_CONSTANTS.note}`)
    expect(other.out).not.toContain('memory model')
  })
})

describe('run --repeat', () => {
  it('shows equal hashes', async () => {
    const { exitCode, out } = await lab(`run ${storm}/sound --repeat 3`)
    expect(exitCode).toBe(0)
    expect(out).toMatch(/[0-9a-f]{8} ×3/)
    expect(out).toContain('equal hashes in every repetition')
  })

  it('exits 4 and shows the first divergent line of both traces', async () => {
    const directory = temporaryFolder()
    const { exitCode, out } = await lab('run dyno-restart/random --repeat 2', { directory })
    expect(exitCode).toBe(4)
    expect(out).toContain('first divergent trace line: 2')
    expect(out.match(/[−+] 1 whatsapp open \{"chance":/g)).toHaveLength(2)
    expect(existsSync(join(directory, '.lab/dyno-restart-random-1.first.trace'))).toBe(true)
  })
})

describe('Postgres', () => {
  it('is started once, gives each worker a database, and is put away', async () => {
    const postgres = new StandInPostgres()
    const { exitCode, out } = await lab('run 512mb-quota --seeds 4 --postgres embedded', { postgres })
    expect(exitCode).toBe(0)
    expect(out).toContain('virtual, target bot, Postgres stand-in 18.4, 2 workers')
    expect(postgres.started.map((options) => options.kind)).toEqual(['embedded'])
    expect(postgres.dropped.toSorted()).toEqual(['postgres://stand-in/0', 'postgres://stand-in/1'])
    expect(postgres.stopped).toBe(1)
  })

  it('is not started when every run is at model', async () => {
    const postgres = new StandInPostgres()
    await lab('run 512mb-quota --level model', { postgres })
    expect(postgres.started).toEqual([])
  })

  it('that cannot be had is one message with its hint, exit code 5', async () => {
    const postgres = new StandInPostgres()
    postgres.failure = new InfrastructureError('no Docker engine answers', 'start Docker')
    const { exitCode, out, err } = await lab('run 512mb-quota --postgres container', { postgres })
    expect(exitCode).toBe(5)
    expect(out).toBe('')
    expect(err).toMatch(/^error: no Docker engine answers\n {2}where: [^\n]+\n {2}mend: start Docker\n$/)
  })

  it('by URL needs DATABASE_URL', async () => {
    const postgres = new StandInPostgres()
    const without = await lab('run 512mb-quota --postgres url', { postgres })
    const withUrl = await lab('run 512mb-quota --postgres url', {
      postgres,
      databaseUrl: 'postgres://here/x',
    })
    expect([without.exitCode, withUrl.exitCode]).toEqual([2, 0])
    expect(without.err).toContain('DATABASE_URL')
    expect(postgres.started.map((options) => options.url)).toEqual(['postgres://here/x'])
  })
})
