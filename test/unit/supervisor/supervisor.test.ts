import { describe, expect, it } from 'vitest'
import { DynoBench } from './dyno-bench.ts'

function started(): DynoBench {
  const bench = new DynoBench()
  bench.supervisor.start()
  return bench
}

describe('the supervisor', () => {
  it('starts one bot at once and gives it the owner of this boot', () => {
    const bench = started()
    expect(bench.bots.map(({ env }) => env)).toEqual([{ BOT_OWNER: 'boot' }])
    expect(bench.supervisor.view()).toMatchObject({ botProcess: 'starting', heartbeatAgeMs: undefined })
  })

  it('leaves a bot alone that beats, for a day', async () => {
    const bench = started()
    await bench.passBeating(86_400_000)
    expect([bench.bots.length, bench.bot.signals]).toEqual([1, []])
    expect(bench.supervisor.view()).toMatchObject({ botProcess: 'running', restarts: {} })
  })

  it('kills a bot that falls silent for the stall, not before, and starts the next after its end', async () => {
    const bench = started()
    bench.bot.isUnkillable = true
    bench.bot.beats()
    await bench.clock.advance(29_000)
    expect(bench.supervisor.view().botProcess).toBe('stalled')
    expect(bench.bot.signals).toEqual([])
    await bench.clock.advance(6_000)
    expect(bench.bot.signals).toEqual(['SIGKILL'])
    await bench.clock.advance(10_000)
    expect(bench.bots.length).toBe(1)
    bench.bot.ends({ signal: 'SIGKILL' })
    await bench.clock.advance(500)
    expect(bench.bots.length).toBe(2)
    expect(bench.supervisor.view()).toMatchObject({ restarts: { hung: 1 }, lastEnd: { reason: 'hung' } })
  })

  it('says when a bot that was late is heard again', async () => {
    const bench = started()
    bench.bot.beats()
    await bench.clock.advance(25_000)
    bench.bot.beats()
    expect(bench.events()).toEqual(
      expect.arrayContaining(['supervisor.bot-late', 'supervisor.bot-heard-again']),
    )
    expect(bench.supervisor.view().botProcess).toBe('running')
  })

  it('waits longer after each crash of a loop, and shows when the next start is due', async () => {
    const bench = started()
    for (let crash = 0; crash < 4; crash += 1) {
      bench.bot.ends({ exitCode: 1 })
      const { nextStartInMs = -1 } = bench.supervisor.view()
      await bench.clock.advance(nextStartInMs - 1)
      expect(bench.bots.length).toBe(crash + 1)
      await bench.clock.advance(1)
      expect(bench.bots.length).toBe(crash + 2)
    }
    expect(bench.supervisor.view().restarts).toEqual({ crashed: 4 })
  })

  it('hears nothing from a bot that has ended', () => {
    const bench = started()
    const [first] = bench.bots
    first?.ends({ exitCode: 1 })
    first?.beats()
    first?.ends({ exitCode: 1 })
    expect(bench.supervisor.bot()).toBeUndefined()
    expect(bench.supervisor.view().restarts).toEqual({ crashed: 1 })
  })

  it('asks for a recycle above the quota, and kills a bot far above it', async () => {
    const bench = started()
    bench.usedBytes = 1_200
    await bench.passBeating(70_000)
    expect(bench.bot.received).toContainEqual({ version: 1, type: 'recycle' })
    bench.bot.ends({ exitCode: 75 })
    await bench.clock.advance(500)
    bench.usedBytes = 1_600
    await bench.clock.advance(2_000)
    expect(bench.bots[1]?.signals).toEqual(['SIGKILL'])
  })

  it('keeps no status of a message that it does not understand', () => {
    const bench = started()
    bench.bot.says({ type: 'heartbeat', latenessMs: -1, status: undefined as never, pairingCode: undefined })
    expect(bench.supervisor.bot()).toBeUndefined()
    expect(bench.events()).toContain('supervisor.message-unknown')
  })
})

describe('SIGTERM', () => {
  it('asks the bot, waits for its end, and leaves with nothing left behind', async () => {
    const bench = started()
    bench.supervisor.terminate()
    bench.supervisor.terminate()
    await bench.clock.advance(10_000)
    expect(bench.bot.received).toEqual([{ version: 1, type: 'terminate' }])
    bench.bot.ends({ exitCode: 0 })
    expect([bench.left, bench.bots.length, bench.clock.pendingLabels()]).toEqual([['stopped'], 1, []])
  })

  it('kills a bot that does not end within its time, and leaves by another code', async () => {
    const bench = started()
    bench.supervisor.terminate()
    await bench.clock.advance(21_999)
    expect(bench.bot.signals).toEqual([])
    await bench.clock.advance(1)
    expect([bench.bot.signals, bench.left]).toEqual([['SIGKILL'], ['bot-killed']])
  })

  it('leaves at once between two bots', () => {
    const bench = started()
    bench.bot.ends({ exitCode: 1 })
    bench.supervisor.terminate()
    expect([bench.left, bench.clock.pendingLabels()]).toEqual([['stopped'], []])
  })
})

describe('a question to the bot', () => {
  it('is answered by its number', async () => {
    const bench = started()
    const asked = bench.supervisor.ask('snapshot')
    expect(bench.bot.received).toEqual([{ version: 1, type: 'question', id: 1, question: 'snapshot' }])
    bench.bot.says({ type: 'answer', id: 1, answer: { status: 'done', result: { bytes: 12 } } })
    expect(await asked).toEqual({ status: 'done', result: { bytes: 12 } })
  })

  it('fails when the bot ends before it answers, and when there is none', async () => {
    const bench = started()
    const failure = bench.supervisor.ask('snapshot').catch((error: unknown) => error)
    bench.bot.ends({ exitCode: 1 })
    expect(await failure).toMatchObject({ code: 'aborted' })
    await expect(bench.supervisor.ask('snapshot')).rejects.toMatchObject({ code: 'aborted' })
  })

  it('fails after its time, and a late answer is passed over', async () => {
    const bench = started()
    const failure = bench.supervisor.ask('snapshot').catch((error: unknown) => error)
    await bench.passBeating(60_000)
    expect(await failure).toMatchObject({ code: 'timed-out' })
    bench.bot.says({ type: 'answer', id: 1, answer: { status: 'done', result: {} } })
  })

  it('is refused when too many are open', async () => {
    const bench = started()
    const asked = Array.from({ length: 17 }, () =>
      bench.supervisor.ask('snapshot').catch((error: unknown) => error),
    )
    expect(await asked.at(-1)).toMatchObject({ code: 'queue-full' })
    bench.bot.ends({ exitCode: 1 })
    await Promise.all(asked)
  })
})
