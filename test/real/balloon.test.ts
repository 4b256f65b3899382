/** The balloon inside real processes: what it says it holds is what the system sees. */

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { pssBytes } from '../../src/memory/dyno-memory.ts'
import type { BalloonAgent } from '../../sim/balloon/agent/balloon-client.ts'
import { BalloonHub } from '../../sim/balloon/agent/balloon-hub.ts'
import { REAL_BALLOON_KINDS } from '../../sim/balloon/agent/balloon-protocol.ts'
import type { RealBalloonKind } from '../../sim/balloon/agent/balloon-protocol.ts'
import { RealBalloon } from '../../sim/balloon/agent/real-balloon.ts'
import type { RealBalloonPlan } from '../../sim/balloon/agent/real-balloon.ts'
import { balloonPlanOf } from '../../sim/balloon/balloon-plan.ts'
import { faultSchema } from '../../sim/faults/fault.ts'
import { PATIENCE_MS, startSim, until, up } from './sim-bench.ts'

const MB = 1_048_576
const IDLE = 'setInterval(() => 1, 1e6)'

async function startHub(): Promise<BalloonHub> {
  const hub = new BalloonHub()
  await hub.start()
  onTestFinished(async () => {
    await hub.stop()
    await hub.stop()
  })
  return hub
}

/** A process that does nothing but live. */
async function startTarget(hub: BalloonHub, node = process.execPath): Promise<BalloonAgent> {
  const child = spawn(node, ['-e', IDLE], { env: { ...process.env, ...hub.environment() }, stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return hub.find(({ pid }) => pid === child.pid, PATIENCE_MS)
}

function pss(pid: number): number {
  return pssBytes(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? 0
}

/** Growth of a process, garbage not counted. */
async function grownBytes(agent: BalloonAgent, act: () => Promise<unknown>): Promise<number> {
  await agent.collect()
  const before = pss(agent.pid)
  await act()
  await agent.collect()
  return pss(agent.pid) - before
}

const PLAN: RealBalloonPlan = {
  shape: 'burst',
  kind: 'external',
  toBytes: 40 * MB,
  bytesPerSecond: 80 * MB,
  holdMs: 300,
  followsRestart: false,
}

describe('what a process holds for the balloon', () => {
  const inItself = REAL_BALLOON_KINDS.filter((kind) => kind !== 'garbage' && kind !== 'child')

  it.each(inItself)('%s: is resident, within a fifth of what it says', async (kind) => {
    const agent = await startTarget(await startHub())
    const grown = await grownBytes(agent, () => agent.hold(kind, 60 * MB))
    const held = (await agent.report()).held[kind] ?? 0
    expect(held).toBeGreaterThan(59 * MB)
    expect(held).toBeLessThanOrEqual(60 * MB)
    expect(grown / held).toBeGreaterThan(0.8)
    expect(grown / held).toBeLessThan(1.25)
  })

  it.each<[RealBalloonKind, number, number]>([
    ['external', 0, 0.1],
    ['cache', 0, 0.15],
    ['heap', 0, 0.3],
    ['strings', 0, 0.3],
    ['timers', 0, 0.3],
    ['listeners', 0, 0.3],
    // Freed small blocks stay with the process: nothing a program can do brings them back.
    ['small-blocks', 0.5, 1.2],
  ])('%s: comes back after release, small blocks do not', async (kind, least, most) => {
    const agent = await startTarget(await startHub())
    const stayed = await grownBytes(agent, async () => {
      await agent.hold(kind, 60 * MB)
      await agent.hold(kind, 0)
    })
    expect((await agent.report()).held[kind]).toBe(0)
    expect(stayed / (60 * MB)).toBeGreaterThanOrEqual(least - 0.1)
    expect(stayed / (60 * MB)).toBeLessThan(most)
  })

  it('external: comes back at once, without a collection', async () => {
    const agent = await startTarget(await startHub())
    await agent.hold('external', 60 * MB)
    const full = pss(agent.pid)
    await agent.hold('external', 20 * MB)
    expect(full - pss(agent.pid)).toBeGreaterThan(38 * MB)
  })

  it('garbage: is made in the amount asked for, and can be collected', async () => {
    const agent = await startTarget(await startHub())
    const answer = await agent.hold('garbage', 300 * MB)
    expect(answer.heldBytes).toBe(300 * MB)
    expect((await agent.collect()).memory.arrayBuffers).toBeLessThan(20 * MB)
  })

  it('child: is held by a process of the target’s own, which ends with it', async () => {
    const agent = await startTarget(await startHub())
    await agent.hold('child', 60 * MB)
    const children = (): number[] =>
      readFileSync(`/proc/${agent.pid}/task/${agent.pid}/children`, 'latin1')
        .trim()
        .split(' ')
        .filter(Boolean)
        .map(Number)
    const [child = 0] = children()
    await expect.poll(() => pss(child) > 60 * MB, { timeout: PATIENCE_MS }).toBe(true)
    process.kill(agent.pid, 'SIGKILL')
    await expect.poll(() => existsSync(`/proc/${child}`), { timeout: PATIENCE_MS }).toBe(false)
  })

  it('cache: can be shed by the target itself', async () => {
    const hub = await startHub()
    const script = `setInterval(() => { const c = globalThis[Symbol.for('balloon.cache')]; if (c?.heldBytes() >= 20e6) c.shed() }, 20)`
    const child = spawn(process.execPath, ['-e', script], { env: { ...process.env, ...hub.environment() } })
    onTestFinished(() => void child.kill('SIGKILL'))
    const agent = await hub.find(({ pid }) => pid === child.pid, PATIENCE_MS)
    await agent.hold('cache', 30 * MB)
    await expect.poll(async () => (await agent.report()).held.cache).toBe(0)
  })

  const system = spawnSync('/usr/bin/node', ['--version'], { encoding: 'utf8' }).stdout ?? ''
  const isOlder = /^v(2[0-3])\./.test(system)
  it.runIf(isOlder)('also in an older Node than ours', async () => {
    const agent = await startTarget(await startHub(), '/usr/bin/node')
    expect(agent.hello.node).toBe(system.trim())
    for (const kind of REAL_BALLOON_KINDS) await agent.hold(kind, 8 * MB)
    const grown = await grownBytes(agent, () => agent.hold('external', 68 * MB))
    expect(grown / (60 * MB)).toBeGreaterThan(0.8)
  })
})

describe('the ramp', () => {
  it('never runs ahead of its rate', async () => {
    const agent = await startTarget(await startHub())
    const startMs = performance.now()
    const whole = agent.hold('external', 30 * MB, 30 * MB)
    let held = 0
    while (held < 30 * MB) {
      held = (await agent.report()).held.external ?? 0
      expect(held).toBeLessThanOrEqual(((performance.now() - startMs) / 1_000) * 30 * MB)
    }
    expect(await whole).toEqual({ heldBytes: 30 * MB })
  })

  it('gives way to the next request for its kind', async () => {
    const agent = await startTarget(await startHub())
    const slow = agent.hold('external', 1_000 * MB, MB)
    await agent.hold('external', 0)
    expect(await slow).toMatchObject({ isSuperseded: true })
    expect((await agent.report()).held.external).toBe(0)
  })
})

describe('the agent', () => {
  it('answers what it does not understand, and lives on', async () => {
    const agent = await startTarget(await startHub())
    await expect(agent.hold('nonsense' as RealBalloonKind, 1)).rejects.toThrow(/unknown kind nonsense/)
    expect((await agent.report()).held).toEqual({})
  })

  it('keeps no process alive, and does nothing without its variable', async () => {
    const hub = await startHub()
    const { NODE_OPTIONS } = hub.environment()
    for (const env of [hub.environment(), { NODE_OPTIONS }]) {
      const run = spawnSync(process.execPath, ['-e', 'console.log(1)'], {
        env: { ...process.env, ...env },
        timeout: PATIENCE_MS,
        encoding: 'utf8',
      })
      expect(run.status).toBe(0)
      expect(`${run.stdout}${run.stderr}`).toBe('1\n')
    }
  })

  it('does not trouble a target whose lab has gone', async () => {
    const hub = await startHub()
    const agent = await startTarget(hub)
    await agent.hold('external', 20 * MB)
    const before = pss(agent.pid)
    const { BALLOON_SOCKET } = hub.environment()
    await hub.stop()
    expect(pss(agent.pid)).toBeGreaterThan(before - 5 * MB)
    expect(existsSync(dirname(BALLOON_SOCKET))).toBe(false)
    await expect(agent.report()).rejects.toThrow('ended')
  })
})

describe('a plan', () => {
  it('of a burst is carried out: up, held, and let go', async () => {
    const agent = await startTarget(await startHub())
    const balloon = new RealBalloon({ plan: PLAN, agent: () => agent })
    balloon.start()
    await balloon.done
    expect(balloon.hasStruck).toBe(true)
    expect(balloon.peakBytes).toBe(PLAN.toBytes)
    expect(balloon.heldBytes).toBe(0)
    expect((await agent.report()).held.external).toBe(0)
  })

  it('that is in the code begins anew in the process that takes the place', async () => {
    const hub = await startHub()
    const plan: RealBalloonPlan = { ...PLAN, shape: 'leak', followsRestart: true }
    const balloon = new RealBalloon({ plan, agent: () => hub.agents()[0] })
    onTestFinished(() => balloon.stop())
    const first = await startTarget(hub)
    balloon.start()
    await expect.poll(() => balloon.heldBytes, { timeout: PATIENCE_MS }).toBe(PLAN.toBytes)
    process.kill(first.pid, 'SIGKILL')
    await expect.poll(() => first.isConnected).toBe(false)
    const second = await startTarget(hub)
    await expect
      .poll(async () => (await second.report()).held.external, { timeout: PATIENCE_MS })
      .toBe(PLAN.toBytes)
  })

  it('that is not stays with its first process', async () => {
    const hub = await startHub()
    const balloon = new RealBalloon({ plan: { ...PLAN, shape: 'leak' }, agent: () => hub.agents()[0] })
    const first = await startTarget(hub)
    balloon.start()
    await balloon.done
    process.kill(first.pid, 'SIGKILL')
    const second = await startTarget(hub)
    expect((await second.report()).held).toEqual({})
  })
})

describe('in a dyno', () => {
  it('a scenario’s fault inflates the process, and the dyno’s rules act on it', async () => {
    const hub = await startHub()
    const rules = { quotaBytes: 100 * MB, sampleMs: 200, sampleJitterMs: 20 }
    const sim = await startSim('serve', { configVars: hub.environment(), rules })
    await up(sim)
    const agent = await hub.find(({ hello }) => hello.argv.join(' ').includes('app.mjs'), PATIENCE_MS)
    const fault = faultSchema.parse({
      kind: 'balloon',
      atMs: 0,
      shape: 'leak',
      memory: 'external',
      toMb: 400,
      mbPerSecond: 60,
    })
    if (fault.kind !== 'balloon') throw new Error('no balloon')
    const balloon = new RealBalloon({
      plan: balloonPlanOf(fault),
      agent: () => (agent.isConnected ? agent : undefined),
    })
    onTestFinished(() => balloon.stop())
    balloon.start()
    const ended = await until(sim, (event) => event.kind === 'ended')
    expect(ended).toMatchObject({ end: { cause: 'r15', status: 137 } })
    expect(sim.record.samples.map(({ verdict }) => verdict)).toContain('r14')
    expect(balloon.hasStruck).toBe(true)
    // Not in the code: the process that takes the place is spared.
    const next = await hub.find(({ pid }) => pid !== agent.pid, PATIENCE_MS)
    expect((await next.report()).held).toEqual({})
  })
})

describe('the command line', () => {
  const main = join(import.meta.dirname, '../../sim/balloon/agent/main.ts')
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [main, ...words], { encoding: 'utf8', timeout: PATIENCE_MS })

  it('carries out a plan and ends the target', () => {
    const words = ['--to', '30', '--rate', '100', '--hold', '1', '--', process.execPath, '-e', IDLE]
    const { status, stderr } = run('--kind', 'heap', '--shape', 'leak', ...words)
    expect(status).toBe(0)
    expect(stderr).toMatch(/MB of heap in process \d+, all processes [\d.]+ MB/)
    expect(stderr).toContain('done: peak 30.0 MB, now 30.0 MB')
  })

  it.each<[string[], number, RegExp]>([
    [[], 2, /no command was given/],
    [['--kind', 'air', '--', 'node'], 2, /'air' is invalid/],
    [['--to', 'much', '--', 'node'], 2, /above 0/],
    [['--', '/no/such/program'], 127, /not found/],
    [['--', process.execPath, '-e', '0'], 1, /target has ended with 0/],
  ])('%j: exit code %i', (words, exitCode, message) => {
    const { status, stderr } = run(...words)
    expect(status).toBe(exitCode)
    expect(stderr).toMatch(message)
  })
})
