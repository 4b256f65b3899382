import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Progress } from '../../../../sim/report/progress.ts'
import { createTerminal } from '../../../../sim/report/terminal.ts'
import type { Level } from '../../../../sim/scenario.ts'
import type { RunRequest, RunResult, Verdict } from '../../../../sim/world/run-result.ts'
import { scenarioWithRealPart } from '../../../lab/cli/support/stand-in-lab.ts'

const ERASE = '\r\u001B[2K'

/** An hour, and a minute at the real level. */
const SCENARIO = scenarioWithRealPart('sound', 60_000)

function request(seed: number, level: Level = 'model'): RunRequest {
  return { scenario: SCENARIO, level, seed, target: 'bot' }
}

function result(seed: number, verdict: Verdict = 'holds'): RunResult {
  return {
    scenario: 'disconnect-storm/sound',
    family: 'disconnect-storm',
    level: 'model',
    target: 'bot',
    seed,
    verdict,
    traceHash: '',
    traceEvents: 0,
    violations: verdict === 'holds' ? [] : [{ claim: 'no-r15', atMs: 1, message: 'too much' }],
    virtualMs: 3_600_000,
    wallMs: 100,
    postgres: undefined,
    lines: [],
  }
}

function progressOn(options: { isTTY: boolean; runs: number; columns?: number; level?: Level }) {
  const written: string[] = []
  const { isTTY, runs, columns = 200 } = options
  const stream = { isTTY, columns, write: (text: string) => written.push(text) }
  const terminal = createTerminal(stream, stream, { NO_COLOR: '1' })
  const requests = Array.from({ length: runs }, (_, index) => request(index + 1, options.level))
  return { progress: new Progress(terminal, requests), written }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }))
afterEach(() => void vi.useRealTimers())

describe('on a terminal', () => {
  it('rewrites one line: how many, how fast, and what runs', () => {
    const { progress, written } = progressOn({ isTTY: true, runs: 2 })
    progress.started(0)
    progress.finished(0, result(1))
    progress.started(1)
    progress.progressed(1, 1_800_000)
    vi.advanceTimersByTime(100)
    expect(written).toEqual([`${ERASE}1 of 2 · 1.5 h virtual · 54,000× · disconnect-storm/sound#2 50%`])
    progress.stop()
    expect(written.at(-1)).toBe(ERASE)
  })

  it('tells how far a real run is by the time that it takes there', () => {
    const { progress, written } = progressOn({ isTTY: true, runs: 1, level: 'real' })
    progress.started(0)
    progress.progressed(0, 15_000)
    vi.advanceTimersByTime(100)
    expect(written.at(-1)).toContain('disconnect-storm/sound#1 25%')
  })

  it('never writes past the edge, where a line could not be wiped', () => {
    const { progress, written } = progressOn({ isTTY: true, runs: 2, columns: 20 })
    progress.started(0)
    vi.advanceTimersByTime(100)
    expect(written[0]).toHaveLength(ERASE.length + 19)
    progress.stop()
  })

  it('leaves a line for each failure', () => {
    const { progress, written } = progressOn({ isTTY: true, runs: 1 })
    progress.finished(0, result(1, 'broken'))
    expect(written[0]).toBe(
      `${ERASE}✗ 1/1 disconnect-storm/sound · seed 1 · model · broken · no-r15 · 36,000×\n`,
    )
    progress.stop()
  })
})

describe('without a terminal', () => {
  it('prints a plain line for each run', () => {
    const { progress, written } = progressOn({ isTTY: false, runs: 1 })
    progress.finished(0, result(1))
    progress.stop()
    expect(written).toEqual(['✓ 1/1 disconnect-storm/sound · seed 1 · model · holds · 36,000×\n'])
  })

  it('counts now and then when there are many, and names only failures', () => {
    const { progress, written } = progressOn({ isTTY: false, runs: 100 })
    progress.finished(0, result(1))
    progress.finished(1, result(2, 'vacuous'))
    vi.advanceTimersByTime(5_000)
    progress.stop()
    expect(written).toHaveLength(2)
    expect(written[0]).toMatch(/^✗ 2\/100 .* vacuous/)
    expect(written[1]).toMatch(/^2 of 100 · 1 failed · 2\.0 h virtual/)
  })

  it('prints nothing once stopped', () => {
    const { progress, written } = progressOn({ isTTY: false, runs: 100 })
    progress.stop()
    progress.stop()
    vi.advanceTimersByTime(60_000)
    progress.finished(0, result(1, 'broken'))
    expect(written).toEqual([])
  })
})
