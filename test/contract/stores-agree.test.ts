/**
 * The in-memory stores are a model of the Postgres ones: whatever sequence of operations is played to both,
 * each step answers alike. The searching lab rests on this.
 */

import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freshSession, inMemoryFixture, postgresFixture } from './store-fixture.ts'
import type { MessageJournal } from '../../src/ports/message-journal.ts'
import type { SessionStore } from '../../src/ports/session-store.ts'
import type { StoreFixture } from './store-fixture.ts'

interface Stores {
  readonly store: SessionStore
  readonly journal: MessageJournal
}
type Step = { readonly name: string; readonly run: (on: Stores) => Promise<unknown> }

// Few values each, so that steps meet; among them those whose order differs by locale or by UTF-16.
const owner = fc.constantFrom('a', 'b')
const epoch = fc.integer({ min: 0, max: 3 })
const id = fc.constantFrom('', 'a', 'B', 'ä', '\uff5e', '\u{1f600}')
const nowMs = fc.integer({ min: 0, max: 40 })
const text = fc.string({ maxLength: 4 })
const limit = fc.integer({ min: 1, max: 4 })
const key = fc.record({ chat: id, participant: fc.constantFrom('', 'p'), id: fc.constantFrom('1', '2') })
const change = fc.record({ type: fc.constantFrom('s', 't'), id, value: fc.option(text, { nil: undefined }) })
const charge = fc.record({
  nowMs,
  windowMs: fc.constantFrom(5, 20),
  maxAttempts: fc.integer({ min: 0, max: 3 }),
})

function step<T>(
  name: string,
  args: fc.Arbitrary<T>,
  run: (on: Stores, args: T) => Promise<unknown>,
): fc.Arbitrary<Step> {
  return args.map((value) => ({ name: `${name} ${fc.stringify(value)}`, run: (on) => run(on, value) }))
}

const stamp = fc.option(fc.record({ epoch, counter: fc.integer({ min: 0, max: 2 }) }), { nil: undefined })
const steps: { weight: number; arbitrary: fc.Arbitrary<Step> }[] = [
  { weight: 1, arbitrary: step('readLease', fc.constant(0), ({ store }) => store.readLease()) },
  {
    weight: 2,
    arbitrary: step('takeLease', fc.record({ owner, expected: stamp }), ({ store }, args) =>
      store.takeLease(args),
    ),
  },
  {
    weight: 2,
    arbitrary: step('take as it stands', owner, async ({ store }, name) => {
      const lease = await store.readLease()
      return store.takeLease({ owner: name, expected: lease })
    }),
  },
  {
    weight: 2,
    arbitrary: step('renew', fc.record({ owner, epoch }), ({ store }, args) => store.renewLease(args)),
  },
  {
    weight: 4,
    arbitrary: step('charge', fc.record({ owner, epoch, charge }), ({ store }, args) =>
      store.renewLease(args),
    ),
  },
  {
    weight: 1,
    arbitrary: step('release', fc.record({ owner, epoch }), ({ store }, args) => store.releaseLease(args)),
  },
  {
    weight: 1,
    arbitrary: step('halt', fc.record({ epoch, cause: text }), ({ store }, args) =>
      store.haltSession({ ...args, cause: JSON.stringify(args.cause) }),
    ),
  },
  {
    weight: 1,
    arbitrary: step('readCredsHistory', fc.constant(0), ({ store }) => store.readCredsHistory()),
  },
  {
    weight: 1,
    arbitrary: step('readHighestKeyId', fc.record({ type: fc.constantFrom('s', 't') }), ({ store }, args) =>
      store.readHighestKeyId(args),
    ),
  },
  { weight: 2, arbitrary: step('readCreds', fc.constant(0), ({ store }) => store.readCreds()) },
  {
    weight: 3,
    arbitrary: step(
      'readKeys',
      fc.record({ type: fc.constantFrom('s', 't'), ids: fc.array(id) }),
      ({ store }, args) => store.readKeys(args),
    ),
  },
  {
    weight: 4,
    arbitrary: step(
      'commit',
      fc.record({
        epoch,
        sequence: fc.integer({ min: 1, max: 9 }),
        nowMs,
        creds: fc.option(text, { nil: undefined }),
        keys: fc.uniqueArray(change, { selector: (one) => `${one.type} ${one.id}`, maxLength: 5 }),
      }),
      ({ store }, { creds, ...rest }) => store.commit(creds === undefined ? rest : { ...rest, creds }),
    ),
  },
  {
    weight: 5,
    arbitrary: step(
      'recordInbound',
      fc.record({ epoch, nowMs, key, text, sentAtMs: nowMs }),
      ({ journal }, { key: where, text: words, sentAtMs, ...rest }) =>
        journal.recordInbound({ ...rest, message: { ...where, text: words, sentAtMs } }),
    ),
  },
  {
    weight: 3,
    arbitrary: step('readUnhandled', fc.record({ limit }), ({ journal }, args) =>
      journal.readUnhandled(args),
    ),
  },
  {
    weight: 2,
    arbitrary: step('markStarted', fc.record({ epoch, key }), ({ journal }, args) =>
      journal.markStarted(args),
    ),
  },
  {
    weight: 5,
    arbitrary: step(
      'recordHandled',
      fc.record({
        epoch,
        nowMs,
        key,
        reply: fc.option(fc.record({ replyId: id, chat: id, text }), { nil: undefined }),
      }),
      ({ journal }, args) => journal.recordHandled(args),
    ),
  },
  {
    weight: 3,
    arbitrary: step('readPendingReplies', fc.record({ limit }), ({ journal }, args) =>
      journal.readPendingReplies(args),
    ),
  },
  {
    weight: 3,
    arbitrary: step(
      'settleReply',
      fc.record({ epoch, replyId: id, state: fc.constantFrom<('acked' | 'failed')[]>('acked', 'failed') }),
      ({ journal }, args) => journal.settleReply(args),
    ),
  },
  {
    weight: 2,
    arbitrary: step('readTakenChats', fc.record({ limit }), ({ journal }, args) =>
      journal.readTakenChats(args),
    ),
  },
  {
    weight: 2,
    arbitrary: step('readReply', fc.record({ replyId: id }), ({ journal }, args) => journal.readReply(args)),
  },
  {
    weight: 2,
    arbitrary: step(
      'prune',
      fc.record({
        epoch,
        commandsBeforeMs: nowMs,
        sent: fc.record({
          beforeMs: nowMs,
          maxCount: fc.integer({ min: 0, max: 3 }),
          maxBytes: fc.integer({ min: 0, max: 9 }),
        }),
        limit,
      }),
      ({ journal }, args) => journal.prune(args),
    ),
  },
]

let model: StoreFixture
let postgres: StoreFixture
beforeAll(async () => {
  ;[model, postgres] = await Promise.all([inMemoryFixture(), postgresFixture()])
})
afterAll(async () => {
  await Promise.all([model.close(), postgres.close()])
})

it('answers every step of any sequence of operations as the in-memory stores do', async () => {
  const sequence = fc.array(fc.oneof(...steps), { minLength: 10, maxLength: 60, size: 'max' })
  const property = fc.asyncProperty(sequence, async (played) => {
    const sessionId = freshSession()
    const expected = open(model, sessionId)
    const actual = open(postgres, sessionId)
    for (const on of [expected, actual]) await on.store.takeLease({ owner: 'a', expected: undefined })
    for (const { name, run } of played) {
      expect({ name, answer: await run(actual) }).toEqual({ name, answer: await run(expected) })
    }
  })
  await fc.assert(property, { numRuns: 200 })
})

function open(fixture: StoreFixture, sessionId: string): Stores {
  return { store: fixture.sessionStore(sessionId), journal: fixture.messageJournal(sessionId) }
}
