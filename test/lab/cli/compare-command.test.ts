/** `compare` on stand-ins: its words, its files and its exit codes; the runs themselves are the real level's. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MEASUREMENTS_FORMAT } from '../../../sim/assertions/measurements.ts'
import type { Measurements } from '../../../sim/assertions/measurements.ts'
import { defineRealScenario } from '../../../sim/scenario.ts'
import { aDyno, aRun, aSample, MB } from '../../unit/sim/assertions/runs.ts'
import { lab, readJson, temporaryFolder } from './support/stand-in-lab.ts'
import type { LabAnswer } from './support/stand-in-lab.ts'

const WORKLOAD = defineRealScenario({
  id: '512mb-quota/workload',
  family: '512mb-quota',
  proves: 'what the command makes of runs',
  real: {
    durationMs: 60_000,
    faults: [{ kind: 'dyno-restart', atMs: 20_000 }],
    claims: { always: ['single-socket'] },
  },
})

function run(target: string, peakMb: number, changes: Partial<Measurements> = {}): Measurements {
  const dyno = aDyno({ samples: [aSample(0, 100), aSample(1, 100)], peakBytes: peakMb * MB })
  const restarts = [{ atMs: 20_000, firstReplyMs: 2_500 }]
  return aRun({ scenario: WORKLOAD.id, target, laterScans: 0, restarts, dyno, ...changes })
}

/** `compare --from` a file of these runs. */
async function compared(
  runs: readonly Measurements[],
  words = '',
): Promise<LabAnswer & { directory: string }> {
  const directory = temporaryFolder()
  writeFileSync(join(directory, 'm.json'), JSON.stringify({ format: MEASUREMENTS_FORMAT, runs }))
  const call = { scenarios: [WORKLOAD], directory }
  return { ...(await lab(`compare --from m.json ${words}`, call)), directory }
}

describe('runs that were measured before', () => {
  const RUNS = [run('before', 1_100), run('before', 900), run('bot', 300), run('bot', 320)]

  it('are put beside each other, and what is expected holds', async () => {
    const { exitCode, out } = await compared(RUNS)
    expect(out).toMatch(/median \(worst\) +before, 2 runs +bot, 2 runs\n/)
    expect(out).toMatch(/peak memory between the samples, MB +1000 \(1100\) +310 \(320\)\n/)
    expect(out).toContain('✓ peak under 85 %: 62.5 %, holds')
    expect(out).toContain('first reply after a restart: p50 2.5 s, p99 2.5 s (2 restarts)')
    expect(exitCode).toBe(0)
  })

  it('exit 1 when the own bot breaks what is expected, whatever the other one does', async () => {
    const lost = { asked: 4, answered: 3, doubled: 0, latenciesMs: [1, 1, 1], unreadable: 0 }
    expect((await compared([...RUNS, run('bot', 300, { replies: lost })])).exitCode).toBe(1)
    expect((await compared([...RUNS, run('before', 300, { replies: lost })])).exitCode).toBe(0)
  })

  it('exit 3 when something was measured by nobody', async () => {
    const { exitCode, out } = await compared([run('before', 300), run('bot', 300, { dyno: null })])
    expect(out).toContain('✗ no R15: not measured, undecided')
    expect(exitCode).toBe(3)
  })

  it('are written as Markdown and JSON, with the workload in words', async () => {
    const { directory } = await compared(RUNS, '--markdown c.md --json c.json')
    const page = readFileSync(join(directory, 'c.md'), 'utf8')
    expect(page).toContain('## 512mb-quota/workload\n')
    expect(page).toContain('- at 20 s: the dyno is restarted\n')
    expect(page).toContain('| R15, ended for memory | 0 (0) | 0 (0) |\n')
    const { scenarios } = readJson(join(directory, 'c.json'))
    expect(scenarios).toMatchObject([
      {
        scenario: WORKLOAD.id,
        sides: ['before', 'bot'],
        serviceLevels: { bot: { restarts: 2, unanswered: 0 } },
      },
    ])
  })
})

describe('where nothing is named, the comparison', () => {
  const published = ['docs/results/compare.md', 'docs/results/compare.json']
  /** The runs are stand-ins; `bot` holds, whatever it measures. */
  async function trial(words: string): Promise<LabAnswer & { readonly written: boolean[] }> {
    const directory = temporaryFolder()
    mkdirSync(join(directory, 'docs/results'), { recursive: true })
    const answer = await lab(`compare ${words}`, { scenarios: [WORKLOAD], directory })
    return { ...answer, written: published.map((file) => existsSync(join(directory, file))) }
  }

  it('is published by the declared ten runs', async () => {
    const { out, written } = await trial('')
    expect(written).toEqual([true, true])
    expect(out).not.toContain('no file is written')
  })

  it.each(['--runs 1', '--runs 20', '--against node', `--scenarios ${WORKLOAD.id}`])(
    'is never overwritten by %s, and it is said how to keep this one',
    async (words) => {
      const { out, written } = await trial(words)
      expect(written).toEqual([false, false])
      expect(out).toContain('no file is written; name them with --markdown FILE and --json FILE')
    },
  )

  it('says nothing of that where a file is named', async () => {
    const { out, written } = await trial('--runs 1 --json c.json')
    expect(written).toEqual([false, false])
    expect(out).not.toContain('no file is written')
  })
})

describe('wrong words', () => {
  it.each([
    ['--runs 0', '"0" is not a whole number from 1 to 100'],
    ['--against nobody --markdown c.md --json c.json', 'nobody'],
    ['--scenarios 512mb-quota/worklod', 'did you mean "512mb-quota/workload"?'],
    ['--markdown nowhere/c.md', 'there is no folder for the file'],
    ['--from gone.json', 'the measurements cannot be read'],
    ['--from m.json --scenarios 512mb-quota/workload', 'cannot be used with'],
  ])('%s exit 2 before anything is run', async (words, message) => {
    const { exitCode, err, out } = await lab(`compare ${words}`, { scenarios: [WORKLOAD] })
    expect(err).toContain(message)
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' })
  })

  it('and runs of a scenario that is not there any more exit 2', async () => {
    const { exitCode, err } = await compared([run('bot', 300, { scenario: 'a/b' })])
    expect(err).toContain('there is no scenario "a/b"')
    expect(exitCode).toBe(2)
  })
})
