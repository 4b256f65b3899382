/**
 * A leak of 2 MB/h in a real process, an hour and a half in some seconds: each point has the growth of six minutes and
 * some garbage, and only the waiting is left out. The same process without the leak is not accused.
 */

import { spawn } from 'node:child_process'
import { expect, it, onTestFinished } from 'vitest'
import { parseAssertion } from '../../sim/assertions/assertion.ts'
import { judgeAssertion } from '../../sim/assertions/judge.ts'
import type { Judgement } from '../../sim/assertions/judge.ts'
import { BalloonHub } from '../../sim/balloon/agent/balloon-hub.ts'
import type { BalloonAgent } from '../../sim/balloon/agent/balloon-client.ts'
import { CollectedMemory } from '../../sim/real/collected-memory.ts'
import { aDyno, aRun } from '../unit/sim/assertions/runs.ts'

const MB = 1_048_576
const HOUR_MS = 3_600_000
const POINTS = 16
const POINT_MS = 360_000
/** The machine may be busy, and there are a hundred collections. */
const TIMEOUT_MS = 240_000
/** Makes garbage all the time, and keeps none of it; its code is compiled before it calls in. */
const BUSY = `const busy = () => {
  for (let i = 0; i < 20; i += 1) { Buffer.allocUnsafeSlow(1_000).fill(i); JSON.parse(JSON.stringify({ i, list: [1, 2, 3] })) }
}
for (let i = 0; i < 500; i += 1) busy()
setInterval(busy, 50)`

async function startTarget(): Promise<{ readonly hub: BalloonHub; readonly agent: BalloonAgent }> {
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
  const agent = await hub.find(({ pid }) => pid === child.pid, TIMEOUT_MS)
  // Answers only when its main script has run, and is as it will stay from the second time on.
  await agent.collect()
  await agent.collect()
  return { hub, agent }
}

it(
  'a leak of 2 MB/h is found, and nobody is accused without one',
  async () => {
    const { hub, agent } = await startTarget()
    const judged = async (leakMbPerHour: number): Promise<Judgement> => {
      let atMs = 0
      const memory = new CollectedMemory({ hub, nowMs: () => atMs })
      for (let point = 0; point < POINTS; point += 1) {
        atMs = point * POINT_MS
        await agent.hold('heap', Math.round((leakMbPerHour * MB * atMs) / HOUR_MS))
        await memory.collect()
      }
      expect(memory.samples).toHaveLength(POINTS)
      const run = aRun({ dyno: aDyno({ collected: [...memory.samples] }) })
      return judgeAssertion(parseAssertion('heap-slope<1MB/h'), run, [])
    }
    expect(await judged(0)).toMatchObject({ verdict: 'holds' })
    const { verdict, message } = await judged(2)
    expect(message).toMatch(/^(1\.[89]\d|2|2\.[01]\d) MB\/h \(95 %: /)
    expect(verdict).toBe('broken')
  },
  TIMEOUT_MS,
)

it('nothing is said of processes that no agent has called in from', async () => {
  const hub = new BalloonHub()
  await hub.start()
  onTestFinished(() => hub.stop())
  const memory = new CollectedMemory({ hub, nowMs: () => 0 })
  await memory.collect()
  expect(memory.samples).toEqual([])
})
