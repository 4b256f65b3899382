/**
 * The supervisor with real processes and signals; the bot is a scripted one (support/scripted-bot.ts). Each test has a
 * dyno of its own, and those that wait for seconds wait beside each other. What computes has the file to itself.
 */

import { describe, expect, it } from 'vitest'
import type { TestContext } from 'vitest'
import { DynoProcess, SCRIPTED_DYNO, goneFor, kill, pause } from './support/dyno-process.ts'

/** Ten times quicker than production. */
const QUICK = {
  HEARTBEAT_INTERVAL_MS: '200',
  BOT_STALL_MS: '3000',
  BOT_RESTART_BACKOFF_BASE_MS: '400',
  BOT_RESTART_BACKOFF_CAP_MS: '2000',
  STOP_TIMEOUT_MS: '1000',
}

async function start({ onTestFinished }: TestContext, script: string): Promise<DynoProcess> {
  const dyno = await DynoProcess.start(SCRIPTED_DYNO, { ...QUICK, SCRIPT: script })
  onTestFinished(() => dyno.dispose())
  return dyno
}

const REPLACED = { signal: 'SIGKILL', isOfSameOwner: true }

/** How a bot that hangs is replaced. */
async function replacement(context: TestContext, script: string): Promise<Record<string, unknown>> {
  const dyno = await start(context, script)
  const { evidence } = await dyno.event('supervisor.bot-hung')
  const { signal } = await dyno.event('supervisor.bot-ended')
  const [first, second] = [await dyno.event('scripted.started'), await dyno.event('scripted.started', 1)]
  return {
    evidence,
    signal,
    isOfSameOwner: first['owner'] !== undefined && second['owner'] === first['owner'],
  }
}

/** Lets the process run for a tenth of the time. */
async function starveUntil(end: Promise<void>, pid: number): Promise<void> {
  const state = { isOver: false }
  const ending = end.then(() => (state.isOver = true))
  while (!state.isOver) {
    kill(pid, 'SIGSTOP')
    await pause(90)
    kill(pid, 'SIGCONT')
    await pause(10)
  }
  await ending
}

describe('a bot that hangs', () => {
  it('by computing is killed and followed by another one of the same owner', async (context) => {
    expect(await replacement(context, 'hang-once')).toEqual({ ...REPLACED, evidence: 'computing' })
  })
})

describe.concurrent('while the bot says nothing', () => {
  it('one that hangs idle is killed and followed by another one of the same owner', async (context) => {
    expect(await replacement(context, 'wait-once')).toEqual({ ...REPLACED, evidence: 'idle' })
  })

  it('for less than the stall, it is left alone', async (context) => {
    const dyno = await start(context, 'sound')
    await dyno.event('scripted.started')
    const botPid = await dyno.botPid()
    for (const stoppedMs of [500, 1_500]) {
      kill(botPid, 'SIGSTOP')
      await pause(stoppedMs)
      kill(botPid, 'SIGCONT')
      await pause(500)
    }
    expect(dyno.events('supervisor.bot-started')).toHaveLength(1)
  })

  it('since the machine stands still, the supervisor with it, nobody is accused', async (context) => {
    const dyno = await start(context, 'sound')
    await dyno.event('scripted.started')
    const botPid = await dyno.botPid()
    for (const pid of [dyno.pid, botPid]) kill(pid, 'SIGSTOP')
    // Longer than the stall.
    await pause(5_000)
    // The supervisor goes on first, and finds the bot silent.
    kill(dyno.pid, 'SIGCONT')
    await pause(200)
    kill(botPid, 'SIGCONT')
    await pause(1_000)
    expect(dyno.events('supervisor.bot-hung')).toEqual([])
    expect(dyno.events('supervisor.bot-started')).toHaveLength(1)
  })

  it('since the machine gives it a tenth of a CPU, it is not killed for its slowness', async (context) => {
    const dyno = await start(context, 'slow-start')
    const botPid = await dyno.botPid()
    const enough = dyno.event('supervisor.bot-starved').then(() => pause(2_000))
    await starveUntil(enough, botPid)
    await dyno.event('scripted.started')
    expect(dyno.events('supervisor.bot-started')).toHaveLength(1)
  })

  it('a SIGTERM that it does not hear ends it by force, and the status says so', async (context) => {
    const dyno = await start(context, 'deaf')
    await dyno.event('scripted.started')
    const botPid = await dyno.botPid()
    kill(dyno.pid, 'SIGTERM')
    expect(await dyno.exit()).toBe(124)
    await goneFor(botPid)
  })
})

describe('a bot that ends', () => {
  it('again and again is started after ever longer waits, and the dyno lives on', async (context) => {
    const dyno = await start(context, 'crash')
    await dyno.event('supervisor.restarting', 3)
    const waits = dyno.events('supervisor.restarting').map(({ delayMs }) => Number(delayMs))
    // The first is quick; the others are jittered in envelopes of 400, 800 and 1,600 ms.
    const floors = [500, 200, 400, 800]
    expect(waits.slice(0, 4).filter((waitMs, index) => waitMs < (floors[index] ?? 0))).toEqual([])
    expect(dyno.events('supervisor.restarting').every(({ kind }) => kind === 'crashed')).toBe(true)
    expect((await dyno.get('/health')).status).toBeGreaterThanOrEqual(200)
  })

  it('to be recycled is followed at once, as no failure', async (context) => {
    const dyno = await start(context, 'ask-recycle')
    expect(await dyno.event('supervisor.restarting')).toMatchObject({ kind: 'recycled', why: 'quick' })
    await dyno.event('scripted.started', 1)
  })

  it('by kill -9 is followed by another', async (context) => {
    const dyno = await start(context, 'sound')
    await dyno.event('scripted.started')
    kill(await dyno.botPid(), 'SIGKILL')
    expect(await dyno.event('supervisor.restarting')).toMatchObject({ kind: 'crashed' })
    await dyno.event('scripted.started', 1)
  })
})

describe('SIGTERM', () => {
  it('twice, to both processes at once, ends both in order', async (context) => {
    const dyno = await start(context, 'sound')
    await dyno.event('scripted.started')
    const botPid = await dyno.botPid()
    for (let time = 0; time < 2; time += 1) {
      kill(dyno.pid, 'SIGTERM')
      kill(botPid, 'SIGTERM')
    }
    expect(await dyno.exit()).toBe(0)
    await goneFor(botPid)
    expect(dyno.events('supervisor.bot-started')).toHaveLength(1)
  })
})

describe('SIGKILL of the supervisor', () => {
  it('leaves no bot behind', async (context) => {
    const dyno = await start(context, 'sound')
    await dyno.event('scripted.started')
    const botPid = await dyno.botPid()
    kill(dyno.pid, 'SIGKILL')
    expect(await dyno.exit()).toBe('SIGKILL')
    await goneFor(botPid)
  })
})
