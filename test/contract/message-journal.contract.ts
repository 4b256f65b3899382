/** What every message journal does, whatever it is made of. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freshSession } from './store-fixture.ts'
import type {
  InboundRecord,
  MessageJournal,
  RecordedReply,
  Reply,
  SentBounds,
} from '../../src/ports/message-journal.ts'
import type { MakeFixture, StoreFixture } from './store-fixture.ts'

const NOW_MS = 1_700_000_000_000

function inbound(changes: Partial<InboundRecord> = {}): InboundRecord {
  return { chat: 'chat', participant: '', id: 'id', text: '.ping', sentAtMs: NOW_MS - 1000, ...changes }
}

function reply(changes: Partial<Reply> = {}): Reply {
  return { replyId: 'reply', chat: 'chat', text: 'pong', ...changes }
}

function recorded(changes: Partial<Reply> = {}, recordedAtMs = NOW_MS): RecordedReply {
  return { ...reply(changes), recordedAtMs }
}

export function describeMessageJournal(name: string, makeFixture: MakeFixture): void {
  describe(`message journal: ${name}`, () => {
    let fixture: StoreFixture
    let sessionId: string
    let journal: MessageJournal
    const epoch = 1
    beforeAll(async () => {
      fixture = await makeFixture()
    })
    afterAll(() => fixture.close())
    beforeEach(async () => {
      sessionId = freshSession()
      journal = fixture.messageJournal(sessionId)
      await fixture.sessionStore(sessionId).takeLease({ owner: 'a', expected: undefined })
    })

    const record = (message: InboundRecord, nowMs = NOW_MS) =>
      journal.recordInbound({ epoch, nowMs, message })
    const handle = (key: InboundRecord, answer: Reply | undefined, nowMs = NOW_MS) =>
      journal.recordHandled({ epoch, nowMs, key, reply: answer })

    /** By age, unless the test sets a bound. */
    const prune = (beforeMs: number, bounds: Partial<SentBounds> = {}, limit = 100) => {
      const sent = { beforeMs, maxCount: 1e6, maxBytes: 1e9, ...bounds }
      return journal.prune({ epoch, commandsBeforeMs: beforeMs, sent, limit })
    }
    /** Settled replies `1` to `count`, one a millisecond, each of so many characters of two bytes. */
    const settleSome = async (count: number, chars = 1): Promise<void> => {
      for (let index = 1; index <= count; index++) {
        const id = `${index}`
        await record(inbound({ id }), NOW_MS)
        await handle(inbound({ id }), reply({ replyId: id, text: 'ä'.repeat(chars) }), NOW_MS + index)
        await journal.settleReply({ epoch, replyId: id, state: 'acked' })
      }
    }
    const kept = async (count: number): Promise<number[]> => {
      const ids = Array.from({ length: count }, (_, index) => index + 1)
      const found = await Promise.all(ids.map((id) => journal.readReply({ replyId: `${id}` })))
      return ids.filter((_, index) => found[index] !== undefined)
    }

    it('records a command once and then knows it, with the state it has now', async () => {
      expect(await record(inbound())).toEqual({ status: 'recorded', state: 'received' })
      expect(await record(inbound({ text: 'again' }))).toEqual({ status: 'known', state: 'received' })
      await journal.markStarted({ epoch, key: inbound() })
      expect(await record(inbound())).toEqual({ status: 'known', state: 'started' })
      await handle(inbound(), undefined)
      expect(await record(inbound())).toEqual({ status: 'known', state: 'handled' })
    })

    it('records a command once when it arrives several times at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 6 }, () =>
          fixture.messageJournal(sessionId).recordInbound({ epoch, nowMs: NOW_MS, message: inbound() }),
        ),
      )
      const statuses = answers.map((answer) => (answer === 'stale-epoch' ? answer : answer.status))
      expect(statuses.toSorted()).toEqual(['known', 'known', 'known', 'known', 'known', 'recorded'])
      expect(await journal.readUnhandled({ limit: 10 })).toHaveLength(1)
    })

    it('tells commands apart by chat, participant and id', async () => {
      const messages = [
        inbound(),
        inbound({ chat: 'b' }),
        inbound({ participant: 'p' }),
        inbound({ id: 'b' }),
      ]
      for (const message of messages) expect(await record(message)).toMatchObject({ status: 'recorded' })
      expect(await journal.readUnhandled({ limit: 10 })).toHaveLength(4)
    })

    it('gives unhandled commands by time, chat, participant and id in byte order, up to the limit', async () => {
      const messages = [
        inbound({ sentAtMs: 2, chat: 'a', id: '1' }),
        inbound({ sentAtMs: 1, chat: 'b', id: '1' }),
        inbound({ sentAtMs: 1, chat: 'B', id: '1' }),
        inbound({ sentAtMs: 1, chat: 'b', participant: 'p', id: '0' }),
        inbound({ sentAtMs: 1, chat: 'b', id: '0' }),
      ]
      for (const message of messages) await record(message)
      const order = [2, 4, 1, 3, 0].map((index) => ({ message: messages[index], state: 'received' }))
      expect(await journal.readUnhandled({ limit: 10 })).toEqual(order)
      expect(await journal.readUnhandled({ limit: 2 })).toEqual(order.slice(0, 2))
    })

    it('keeps a started command among the unhandled and a handled one not', async () => {
      await record(inbound())
      await record(inbound({ id: 'other' }))
      expect(await journal.markStarted({ epoch, key: inbound() })).toBe('written')
      await handle(inbound({ id: 'other' }), undefined)
      expect(await journal.readUnhandled({ limit: 10 })).toEqual([{ message: inbound(), state: 'started' }])
    })

    it('starts neither a handled command nor an unknown one', async () => {
      await record(inbound())
      await handle(inbound(), undefined)
      expect(await journal.markStarted({ epoch, key: inbound() })).toBe('written')
      expect(await journal.markStarted({ epoch, key: inbound({ id: 'unknown' }) })).toBe('written')
      expect(await journal.readUnhandled({ limit: 10 })).toEqual([])
    })

    it('owes the reply of a handled command until it is settled, and keeps it for retries after', async () => {
      await record(inbound())
      expect(await handle(inbound(), reply())).toBe('written')
      expect(await journal.readPendingReplies({ limit: 10 })).toEqual([recorded()])
      expect(await journal.settleReply({ epoch, replyId: 'reply', state: 'acked' })).toBe('written')
      expect(await journal.readPendingReplies({ limit: 10 })).toEqual([])
      expect(await journal.readReply({ replyId: 'reply' })).toEqual(recorded())
    })

    it('lets the first reply to a command stand', async () => {
      await record(inbound())
      await handle(inbound(), reply())
      expect(await handle(inbound(), reply({ replyId: 'second' }))).toBe('written')
      expect(await journal.readReply({ replyId: 'second' })).toBeUndefined()
      expect(await journal.readPendingReplies({ limit: 10 })).toEqual([recorded()])
    })

    it('records one reply when a command is finished several times at once', async () => {
      await record(inbound())
      await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          fixture
            .messageJournal(sessionId)
            .recordHandled({ epoch, nowMs: NOW_MS, key: inbound(), reply: reply({ replyId: `${index}` }) }),
        ),
      )
      expect(await journal.readPendingReplies({ limit: 10 })).toHaveLength(1)
    })

    it('never replaces a reply by another of the same id', async () => {
      await record(inbound())
      await record(inbound({ id: 'other' }))
      await handle(inbound(), reply())
      await handle(inbound({ id: 'other' }), reply({ text: 'different' }))
      expect(await journal.readReply({ replyId: 'reply' })).toEqual(recorded())
      expect(await journal.readUnhandled({ limit: 10 })).toEqual([])
    })

    it('owes nothing for a command that it does not know', async () => {
      expect(await handle(inbound(), reply())).toBe('written')
      expect(await journal.readPendingReplies({ limit: 10 })).toEqual([])
      expect(await journal.readReply({ replyId: 'reply' })).toBeUndefined()
    })

    it('tells with each reply when it was recorded', async () => {
      await record(inbound(), NOW_MS)
      await handle(inbound(), reply(), NOW_MS + 5)
      expect(await journal.readPendingReplies({ limit: 1 })).toEqual([recorded({}, NOW_MS + 5)])
      expect(await journal.readReply({ replyId: 'reply' })).toEqual(recorded({}, NOW_MS + 5))
    })

    it('gives pending replies by time and id, up to the limit', async () => {
      const due: [string, number][] = [
        ['b', 2],
        ['c', 1],
        ['B', 2],
      ]
      for (const [id, nowMs] of due) {
        await record(inbound({ id }))
        await handle(inbound({ id }), reply({ replyId: id }), nowMs)
      }
      const all = await journal.readPendingReplies({ limit: 10 })
      expect(all.map(({ replyId }) => replyId)).toEqual(['c', 'B', 'b'])
      expect(await journal.readPendingReplies({ limit: 1 })).toEqual(all.slice(0, 1))
    })

    it('knows each chat that has taken a reply once, the latest first, up to the limit', async () => {
      const replies: [string, string, number, 'acked' | 'failed' | 'pending'][] = [
        ['1', 'old', 1, 'acked'],
        ['2', 'b', 2, 'acked'],
        ['3', 'B', 2, 'acked'],
        ['4', 'refusing', 3, 'failed'],
        ['5', 'waiting', 4, 'pending'],
        ['6', 'newest', 1, 'acked'],
        ['7', 'newest', 5, 'acked'],
        ['8', 'old', 0, 'acked'],
      ]
      for (const [id, chat, nowMs, state] of replies) {
        await record(inbound({ id }))
        await handle(inbound({ id }), reply({ replyId: id, chat }), nowMs)
        if (state !== 'pending') await journal.settleReply({ epoch, replyId: id, state })
      }
      expect(await journal.readTakenChats({ limit: 10 })).toEqual(['newest', 'B', 'b', 'old'])
      expect(await journal.readTakenChats({ limit: 2 })).toEqual(['newest', 'B'])
      expect(await fixture.messageJournal(freshSession()).readTakenChats({ limit: 10 })).toEqual([])
    })

    it('refuses every write under a stale epoch', async () => {
      await record(inbound())
      await record(inbound({ id: 'handled' }))
      await handle(inbound({ id: 'handled' }), reply())
      await fixture.sessionStore(sessionId).takeLease({ owner: 'b', expected: { epoch, counter: 0 } })
      expect(await record(inbound({ id: 'new' }))).toBe('stale-epoch')
      expect(await journal.markStarted({ epoch, key: inbound() })).toBe('stale-epoch')
      expect(await handle(inbound(), reply({ replyId: 'new' }))).toBe('stale-epoch')
      expect(await journal.settleReply({ epoch, replyId: 'reply', state: 'failed' })).toBe('stale-epoch')
      expect(await prune(NOW_MS + 1)).toBe('stale-epoch')
      expect(await journal.readUnhandled({ limit: 10 })).toEqual([{ message: inbound(), state: 'received' }])
      expect(await journal.readPendingReplies({ limit: 10 })).toEqual([recorded()])
    })

    it('prunes handled commands and settled replies recorded before the given time, nothing owed', async () => {
      for (const id of ['owed', 'old', 'young'])
        await record(inbound({ id }), id === 'young' ? NOW_MS : NOW_MS - 1)
      for (const id of ['old', 'young']) await handle(inbound({ id }), reply({ replyId: id }), NOW_MS - 1)
      await journal.settleReply({ epoch, replyId: 'old', state: 'failed' })
      expect(await prune(NOW_MS)).toBe(2)
      expect(await journal.readReply({ replyId: 'old' })).toBeUndefined()
      expect(await journal.readPendingReplies({ limit: 10 })).toEqual([
        recorded({ replyId: 'young' }, NOW_MS - 1),
      ])
      expect(await record(inbound({ id: 'young' }))).toEqual({ status: 'known', state: 'handled' })
      expect(await record(inbound({ id: 'owed' }))).toEqual({ status: 'known', state: 'received' })
      expect(await record(inbound({ id: 'old' }))).toEqual({ status: 'recorded', state: 'received' })
    })

    it('keeps the newest sent messages up to a count', async () => {
      await settleSome(5)
      expect(await prune(0, { maxCount: 2 })).toBe(3)
      expect(await kept(5)).toEqual([4, 5])
      expect(await prune(0, { maxCount: 2 })).toBe(0)
    })

    it('keeps the newest sent messages up to a number of UTF-8 bytes', async () => {
      await settleSome(5, 10)
      expect(await prune(0, { maxBytes: 59 })).toBe(3)
      expect(await kept(5)).toEqual([4, 5])
      expect(await prune(0, { maxBytes: 19 })).toBe(2)
    })

    it('counts neither what is owed nor another session’s messages against the bounds', async () => {
      await settleSome(2)
      await record(inbound({ id: 'owed' }))
      await handle(inbound({ id: 'owed' }), reply({ replyId: 'owed' }), NOW_MS + 99)
      const otherId = freshSession()
      await fixture.sessionStore(otherId).takeLease({ owner: 'a', expected: undefined })
      expect(await prune(0, { maxCount: 2, maxBytes: 4 })).toBe(0)
      expect(await prune(0, { maxCount: 0 })).toBe(2)
      expect(await journal.readPendingReplies({ limit: 10 })).toHaveLength(1)
    })

    it('deletes the oldest first, so many of each kind at a time', async () => {
      await settleSome(5)
      expect(await prune(NOW_MS + 100, {}, 2)).toBe(4)
      expect(await kept(5)).toEqual([3, 4, 5])
      expect(await prune(NOW_MS + 100, {}, 2)).toBe(4)
      expect(await prune(NOW_MS + 100, {}, 2)).toBe(2)
      expect(await prune(NOW_MS + 100, {}, 2)).toBe(0)
    })

    it('keeps each session’s messages to itself', async () => {
      await record(inbound())
      await handle(inbound(), reply())
      const other = fixture.messageJournal(freshSession())
      expect(await other.readReply({ replyId: 'reply' })).toBeUndefined()
      expect(await other.readPendingReplies({ limit: 10 })).toEqual([])
    })
  })
}
