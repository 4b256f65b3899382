/**
 * The promise of inbox and outbox together, over random interleavings of duplicates, crashes, reconnects, lost and
 * refused acks, a wandering lease and a store in trouble: each command is answered exactly once in effect.
 */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HostileWorld, type Step } from './hostile-world.ts'
import { journalKey } from './model-journal.ts'

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      chat: fc.nat(2),
      word: fc.constantFrom('do' as const, 'once' as const, 'slow' as const, 'fail' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), pick: fc.nat(50) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 5, 20, 100, 250, 1_000, 20_000, 70_000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'close' as const,
        'open' as const,
        'open' as const,
        'crash' as const,
        'lease-stolen' as const,
        'lease-gained' as const,
        'lease-away' as const,
        'lease-back' as const,
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('store' as const),
      trouble: fc.constantFrom(
        'fine' as const,
        'not-run' as const,
        'landed-but-unknown' as const,
        'lands-after-failing' as const,
      ),
      delayMs: fc.constantFrom(1, 3, 40, 400),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('ack' as const),
      trouble: fc.constantFrom(
        'fine' as const,
        'lost' as const,
        'sent-into-nothing' as const,
        479 as const,
        463 as const,
        429 as const,
      ),
    }),
  },
)

async function live(steps: readonly Step[]): Promise<HostileWorld> {
  const world = new HostileWorld()
  await world.perform({ kind: 'open' })
  for (const next of steps) await world.perform(next)
  await world.heal()
  return world
}

/** Everything that must be true when trouble is over; an empty list when it is. */
function complaints(world: HostileWorld): string[] {
  const found = [...world.broken]
  const replyIdOf = new Map<string, string>()
  for (const { message, isAcknowledged } of world.server) {
    if (!isAcknowledged) found.push(`${message.id} was never taken`)
    const row = world.journal.commands.get(journalKey(message))
    if (row?.state !== 'handled' || row.replyId === undefined) found.push(`${message.id} was not answered`)
    else replyIdOf.set(message.id, row.replyId)
  }
  const owed = new Set(replyIdOf.values())
  if (owed.size !== world.journal.replies.size) found.push('replies without a command')
  for (const { id } of world.sendLog)
    if (!owed.has(id)) found.push(`${id} was sent, but is no command's reply`)
  const received = new Set(world.received.map(({ id }) => id))
  for (const [id, { state }] of world.journal.replies) {
    if (state !== 'acked') found.push(`${id} ended ${state}`)
    if (!received.has(id)) found.push(`${id} never arrived`)
  }
  if (new Set(world.onceRuns).size !== world.onceRuns.length) found.push('a once-only command ran twice')
  return [...found, ...disorder(world, replyIdOf)]
}

/** Pairs of one chat, the first durable before the second was heard of, whose replies first left the other way. */
function disorder(world: HostileWorld, replyIdOf: ReadonlyMap<string, string>): string[] {
  const sends = world.sendLog.map(({ id }) => id)
  const firstSend = (id: string): number => sends.indexOf(replyIdOf.get(id) ?? '')
  return world.server.flatMap((first, index) =>
    world.server
      .slice(index + 1)
      .filter(({ message, heardAt }) => message.chat === first.message.chat && first.durableAt < heardAt)
      .filter(({ message }) => firstSend(message.id) < firstSend(first.message.id))
      .map(({ message }) => `${message.id} was answered before ${first.message.id}`),
  )
}

describe('delivery', () => {
  it('answers every command exactly once in effect, in order, within bounds, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), async (steps) => {
        expect(complaints(await live(steps))).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  it('leaves no timer behind when it is stopped after any course of events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
        const world = new HostileWorld()
        for (const next of steps) await world.perform(next)
        const { inbox, outbox } = world.life
        const end = { isStopped: false }
        const stopped = Promise.all([inbox.stop(), outbox.stop()]).then(() => (end.isStopped = true))
        // Only as long as it takes: a timer that was left behind must not fire unseen.
        while (!end.isStopped) await world.clock.advance(1)
        await stopped
        const own = world.clock.pendingLabels().filter((label) => /^(inbox|outbox)\./.test(label))
        expect(own).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})
