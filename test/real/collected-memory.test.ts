/**
 * A leak of 2 MB/h in a real process, an hour and a half in some seconds: each point has the growth and the garbage
 * that two minutes bring, and only the waiting is left out.
 */

import { spawn } from 'node:child_process'
import { expect, it, onTestFinished } from 'vitest'
import { parseAssertion } from '../../sim/assertions/assertion.ts'
import { judgeAssertion } from '../../sim/assertions/judge.ts'
import { BalloonHub } from '../../sim/balloon/agent/balloon-hub.ts'
import { CollectedMemory, COLLECT_EVERY_MS } from '../../sim/real/collected-memory.ts'
import { aDyno, aRun } from '../unit/sim/assertions/runs.ts'
import { PATIENCE_MS } from './sim-bench.ts'

const MB = 1_048_576
const POINTS = 45
const HOUR_MS = 3_600_000
/** Makes garbage of every kind all the time, and keeps none of it. */
const BUSY = `setInterval(() => {
  for (let i = 0; i < 200; i += 1) { Buffer.allocUnsafeSlow(1_000).fill(i); JSON.parse(JSON.stringify({ i, list: [1, 2, 3] })) }
}, 5)`

async function judged(leakMbPerHour: number, bound: string): Promise<{ verdict: string; message: string }> {
  const hub = new BalloonHub()
  await hub.start()
  const child = spawn(process.execPath, ['-e', BUSY], {
    env: { ...process.env, ...hub.environment() },
    stdio: 'ignore',
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    await hub.stop()
  })
  const agent = await hub.find(({ pid }) => pid === child.pid, PATIENCE_MS)
  let atMs = 0
  const memory = new CollectedMemory({ hub, nowMs: () => atMs })
  for (let point = 0; point < POINTS; point += 1) {
    atMs = point * COLLECT_EVERY_MS
    await agent.hold('heap', Math.round((leakMbPerHour * MB * atMs) / HOUR_MS))
    await memory.collect()
  }
  const run = aRun({ dyno: aDyno({ collected: [...memory.samples] }) })
  return judgeAssertion(parseAssertion(bound), run, [])
}

it('a leak of 2 MB/h is found', async () => {
  const { verdict, message } = await judged(2, 'heap-slope<1MB/h')
  expect(message).toMatch(/^(1\.[89]\d|2|2\.[01]\d) MB\/h \(95 %: /)
  expect(verdict).toBe('broken')
})

it('a process that makes nothing but garbage is not accused', async () => {
  const { verdict, message } = await judged(0, 'heap-slope<1MB/h')
  expect({ verdict, message }).toMatchObject({ verdict: 'holds' })
})

it('what the system sees of a leak of 20 MB/h is found as well', async () => {
  const { verdict, message } = await judged(20, 'rss-slope<10MB/h')
  expect({ verdict, message }).toMatchObject({ verdict: 'broken' })
})

it('has nothing to say of processes that no agent has called in from', async () => {
  const hub = new BalloonHub()
  await hub.start()
  onTestFinished(() => hub.stop())
  const memory = new CollectedMemory({ hub, nowMs: () => 0 })
  await memory.collect()
  expect(memory.samples).toEqual([])
})
