import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defineScenario } from '../../../../sim/scenario.ts'
import type { ScenarioInput } from '../../../../sim/scenario.ts'
import { PrngStream } from '../../../../sim/world/prng.ts'
import { Scheduler } from '../../../../sim/world/scheduler.ts'
import { startWorkload } from '../../../../sim/world/workload.ts'
import type { IncomingCommand } from '../../../../sim/world/workload.ts'

const MINUTE_MS = 60_000

type Sent = IncomingCommand & { readonly atMs: number }

/** All that is sent in ten minutes, or until `untilMs`. */
async function sent(
  workload: ScenarioInput['workload'],
  { untilMs = 10 * MINUTE_MS, seed = 'test' } = {},
): Promise<Sent[]> {
  const scenario = defineScenario({
    id: 'multi-day/workload',
    family: 'multi-day',
    proves: 'what people send',
    durationMs: 20 * MINUTE_MS,
    workload,
    claims: { always: ['single-socket'] },
  })
  const scheduler = new Scheduler()
  const commands: Sent[] = []
  startWorkload({
    scheduler,
    workload: scenario.workload,
    untilMs,
    stream: new PrngStream(seed),
    deliver: (command) => commands.push({ ...command, atMs: scheduler.nowMs }),
  })
  await scheduler.run(20 * MINUTE_MS)
  return commands
}

describe('the declared workload', () => {
  it('is one command in each ten seconds, at a drawn moment, whatever the seed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (seed) => {
        const commands = await sent({}, { seed })
        expect(commands.map(({ atMs }) => Math.floor(atMs / 10_000))).toEqual([...Array(60).keys()])
      }),
      { numRuns: 20 },
    )
  })

  it('numbers its commands, so that each can be told from the others', async () => {
    const texts = (await sent({})).map(({ text }) => text)
    expect(texts.slice(0, 3)).toEqual(['.ping 1', '.ping 2', '.ping 3'])
    expect(new Set(texts).size).toBe(texts.length)
  })

  it('goes over all direct chats and groups, in groups with an author', async () => {
    const commands = await sent({ directChats: 3, groups: 2 })
    expect(new Set(commands.map(({ chat }) => chat)).size).toBe(5)
    for (const { chat, participant } of commands) expect(participant === '').toBe(!chat.endsWith('@g.us'))
  })

  it('ends in time for the last answers', async () => {
    const commands = await sent({}, { untilMs: MINUTE_MS })
    expect(commands).toHaveLength(6)
    expect(commands.at(-1)?.atMs).toBeLessThan(MINUTE_MS)
  })
})

describe('what a scenario adds', () => {
  it('is a night without messages, and nothing else falls away', async () => {
    const commands = await sent({ quiet: { atMs: 2 * MINUTE_MS, forMs: 3 * MINUTE_MS } })
    expect(commands.filter(({ atMs }) => atMs >= 2 * MINUTE_MS && atMs < 5 * MINUTE_MS)).toEqual([])
    expect(commands).toHaveLength(60 - 18)
  })

  it('is a burst, spread evenly, beside the others', async () => {
    const commands = await sent({ bursts: [{ atMs: MINUTE_MS, forMs: 10_000, count: 100 }] })
    expect(commands).toHaveLength(160)
    expect(commands.filter(({ atMs }) => atMs >= MINUTE_MS && atMs < MINUTE_MS + 10_000)).toHaveLength(101)
  })

  it('is that every so manyth command must not run twice', async () => {
    const texts = (await sent({ onceEvery: 3 })).map(({ text }) => text)
    expect(texts.slice(0, 6)).toEqual(['.ping 1', '.ping 2', '.once 3', '.ping 4', '.ping 5', '.once 6'])
  })
})
