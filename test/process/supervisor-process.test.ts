/** The supervisor with real processes and signals; the bot is a scripted one (support/scripted-bot.ts). */

import { afterEach, describe, expect, it } from 'vitest'
import { DynoProcess, SCRIPTED_DYNO, goneFor, kill, pause } from './support/dyno-process.ts'

/** Ten times quicker than production. */
const QUICK = {
  HEARTBEAT_INTERVAL_MS: '200',
  BOT_STALL_MS: '3000',
  BOT_RESTART_BACKOFF_BASE_MS: '400',
  BOT_RESTART_BACKOFF_CAP_MS: '2000',
  STOP_TIMEOUT_MS: '1000',
}
const dynos: DynoProcess[] = []

async function start(script: string, env: Readonly<Record<string, string>> = {}): Promise<DynoProcess> {
  const dyno = await DynoProcess.start(SCRIPTED_DYNO, { ...QUICK, SCRIPT: script, ...env })
  dynos.push(dyno)
  return dyno
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

afterEach(async () => {
  await Promise.all(dynos.splice(0).map((dyno) => dyno.dispose()))
})

describe('a bot that hangs', () => {
  it.each([
    ['computing', 'hang-once'],
    ['idle', 'wait-once'],
  ])('by %s is killed and followed by another one of the same owner', async (evidence, script) => {
    const dyno = await start(script)
    expect(await dyno.event('supervisor.bot-hung')).toMatchObject({ evidence })
    expect(await dyno.event('supervisor.bot-ended')).toMatchObject({ signal: 'SIGKILL' })
    const [first, second] = [await dyno.event('scripted.started'), await dyno.event('scripted.started', 1)]
    expect(second['owner']).toBe(first['owner'])
    expect(dyno.pid).toBeGreaterThan(0)
  })

  it('for less than the stall is left alone', async () => {
    const dyno = await start('sound')
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
})

describe('a machine that stands still', () => {
  it('for longer than the stall, the supervisor with it, accuses nobody', async () => {
    const dyno = await start('sound')
    await dyno.event('scripted.started')
    const botPid = await dyno.botPid()
    for (const pid of [dyno.pid, botPid]) kill(pid, 'SIGSTOP')
    await pause(5_000)
    // The supervisor goes on first, and finds the bot silent.
    kill(dyno.pid, 'SIGCONT')
    await pause(200)
    kill(botPid, 'SIGCONT')
    await pause(1_000)
    expect(dyno.events('supervisor.bot-hung')).toEqual([])
    expect(dyno.events('supervisor.bot-started')).toHaveLength(1)
  })

  it('and gives the bot a tenth of a CPU does not have it killed for its slowness', async () => {
    const dyno = await start('slow-start')
    const botPid = await dyno.botPid()
    const enough = dyno.event('supervisor.bot-starved').then(() => pause(2_000))
    await starveUntil(enough, botPid)
    await dyno.event('scripted.started')
    expect(dyno.events('supervisor.bot-started')).toHaveLength(1)
  })
})

describe('a bot that ends', () => {
  it('again and again is started after ever longer waits, and the dyno lives on', async () => {
    const dyno = await start('crash')
    await dyno.event('supervisor.restarting', 3)
    const waits = dyno.events('supervisor.restarting').map(({ delayMs }) => Number(delayMs))
    // The first is quick; the others are jittered in envelopes of 400, 800 and 1,600 ms.
    const floors = [500, 200, 400, 800]
    expect(waits.slice(0, 4).filter((waitMs, index) => waitMs < (floors[index] ?? 0))).toEqual([])
    expect(dyno.events('supervisor.restarting').every(({ kind }) => kind === 'crashed')).toBe(true)
    expect((await dyno.get('/health')).status).toBeGreaterThanOrEqual(200)
  })

  it('to be recycled is followed at once, as no failure', async () => {
    const dyno = await start('ask-recycle')
    expect(await dyno.event('supervisor.restarting')).toMatchObject({ kind: 'recycled', why: 'quick' })
    await dyno.event('scripted.started', 1)
  })

  it('by kill -9 is followed by another', async () => {
    const dyno = await start('sound')
    await dyno.event('scripted.started')
    kill(await dyno.botPid(), 'SIGKILL')
    expect(await dyno.event('supervisor.restarting')).toMatchObject({ kind: 'crashed' })
    await dyno.event('scripted.started', 1)
  })
})

describe('SIGTERM', () => {
  it('twice, to both processes at once, ends both in order', async () => {
    const dyno = await start('sound')
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

  it('ends a bot that does not hear it by force, and says so', async () => {
    const dyno = await start('deaf')
    await dyno.event('scripted.started')
    const botPid = await dyno.botPid()
    kill(dyno.pid, 'SIGTERM')
    expect(await dyno.exit()).toBe(124)
    await goneFor(botPid)
  })
})

describe('SIGKILL of the supervisor', () => {
  it('leaves no bot behind', async () => {
    const dyno = await start('sound')
    await dyno.event('scripted.started')
    const botPid = await dyno.botPid()
    kill(dyno.pid, 'SIGKILL')
    expect(await dyno.exit()).toBe('SIGKILL')
    await goneFor(botPid)
  })
})
