/**
 * A sweep on real processes: the deployed bot outlives a kill at each moment and of each victim, a bot broken on
 * purpose is found out, and nothing is left of either.
 */

import { describe, expect, it, onTestFinished } from 'vitest'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKillSweep } from '../../sim/kill-sweep/kill-sweep.ts'
import { parsePoint } from '../../sim/kill-sweep/kill-point.ts'
import type { KillPoint } from '../../sim/kill-sweep/kill-point.ts'
import type { PointOutcome } from '../../sim/kill-sweep/point-outcome.ts'
import { ensureBuilt } from '../../sim/real/production-app.ts'
import { leftFolders, leftProcesses } from './sim-bench.ts'

const TIMEOUT_MS = 150_000

async function sweep(texts: readonly string[], mutant?: string): Promise<PointOutcome[]> {
  await ensureBuilt(() => undefined)
  const outcomes: PointOutcome[] = []
  const running = createKillSweep({
    points: texts.map((text) => parsePoint(text) as KillPoint),
    lanes: 1,
    seed: 1,
    postgres: 'embedded',
    mutant,
    onOutcome: (outcome) => void outcomes.push(outcome),
  })
  onTestFinished(() => running.stop())
  await running.run()
  await running.stop()
  expect(leftProcesses()).toEqual([])
  expect(leftFolders()).toEqual([])
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('blacksky-mutant-'))).toEqual([])
  return outcomes
}

describe('a sweep of kill points', { timeout: TIMEOUT_MS }, () => {
  it('finds the deployed bot whole after each', async () => {
    const points = [
      'bot/commit-put/late/2/5',
      'bot/settle-reply/committed/1/10',
      'supervisor/record-handled/answered/1/3',
      'postgres/record-inbound/unsent/2',
    ]
    const outcomes = await sweep(points)
    expect(outcomes.map(({ verdict, violations }) => ({ verdict, violations }))).toEqual(
      points.map(() => ({ verdict: 'holds', violations: [] })),
    )
  })

  it('finds a bot that writes under an epoch that is over', async () => {
    const [outcome] = await sweep(['bot/commit-put/late/1'], 'unfenced')
    expect(outcome?.verdict).toBe('broken')
    expect(new Set(outcome?.violations.map(({ claim }) => claim))).toEqual(new Set(['no-stale-write']))
  })

  it('finds a bot whose ciphertext leaves before its ratchet step is committed', async () => {
    const [outcome] = await sweep(['bot/commit-put/unsent/3/10'], 'ciphertext-before-commit')
    expect(outcome?.verdict).toBe('broken')
    expect(outcome?.violations.map(({ claim }) => claim)).toContain('no-key-reuse')
  })

  it('leaves nothing when it is interrupted, twice', async () => {
    await ensureBuilt(() => undefined)
    const directory = mkdtempSync(join(tmpdir(), 'kill-sweep-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const main = join(import.meta.dirname, '../../sim/main.ts')
    const child = spawn(process.execPath, [main, 'kill-sweep', '--jobs', '1'], {
      cwd: directory,
      stdio: 'ignore',
    })
    const pid = child.pid ?? 0
    onTestFinished(() => void child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    await expect
      .poll(() => leftProcesses(pid).join(), { timeout: TIMEOUT_MS / 2, interval: 200 })
      .toContain('bot-main')
    child.kill('SIGINT')
    child.kill('SIGINT')
    expect(await ended).toEqual([130, null])
    expect(leftProcesses(pid)).toEqual([])
    expect(leftFolders(pid)).toEqual([])
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`blacksky-pg-${pid}-`))).toEqual([])
  })
})
