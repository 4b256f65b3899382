import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Trace, textOf } from '../../../../sim/world/trace.ts'
import type { TraceEvent } from '../../../../sim/world/trace.ts'

const anEvent: fc.Arbitrary<TraceEvent> = fc.record({
  atMs: fc.nat(),
  source: fc.constantFrom('dyno', 'whatsapp', 'web.1#1/bot.1'),
  kind: fc.constantFrom('store', 'wa.open', 'log.x'),
  data: fc.dictionary(fc.constantFrom('a', 'b'), fc.oneof(fc.integer(), fc.string(), fc.boolean())),
})

function digestOf(events: readonly TraceEvent[], keepLines = 0): string {
  const trace = new Trace(keepLines)
  for (const event of events) trace.record(event)
  return trace.digest()
}

describe('the hash of a trace', () => {
  it('is one for the same events, however many lines are kept and however often it is asked for', () => {
    fc.assert(
      fc.property(fc.array(anEvent, { maxLength: 20 }), fc.nat(10), (events, keepLines) => {
        const trace = new Trace(keepLines)
        for (const event of events) {
          trace.record(event)
          trace.digest()
        }
        expect(trace.digest()).toBe(digestOf(events))
      }),
    )
  })

  it('is another when any event is changed, left out, doubled or moved', () => {
    fc.assert(
      fc.property(fc.array(anEvent, { minLength: 2, maxLength: 10 }), fc.nat(), (events, pick) => {
        const at = pick % events.length
        const event = events[at]
        if (event === undefined) return
        const whole = digestOf(events)
        expect(digestOf(events.with(at, { ...event, atMs: event.atMs + 1 }))).not.toBe(whole)
        expect(digestOf(events.with(at, { ...event, data: { ...event.data, c: 1 } }))).not.toBe(whole)
        expect(digestOf(events.toSpliced(at, 1))).not.toBe(whole)
        expect(digestOf(events.toSpliced(at, 0, event))).not.toBe(whole)
      }),
    )
  })

  it('covers traces longer than one chunk', () => {
    const events: TraceEvent[] = Array.from({ length: 3_000 }, (_, atMs) => ({
      atMs,
      source: 's',
      kind: 'k',
      data: { atMs },
    }))
    // As long as the line it replaces, so that no chunk ends elsewhere.
    const changed = events.with(1_500, { atMs: 1_500, source: 't', kind: 'k', data: { atMs: 1_500 } })
    expect(digestOf(changed)).not.toBe(digestOf(events))
    expect(digestOf(events, 7)).toBe(digestOf(events))
  })
})

describe('a trace', () => {
  it('keeps the last lines, counts all, and tells its listeners at once', () => {
    const trace = new Trace(2)
    const heard: number[] = []
    trace.listen(({ atMs }) => heard.push(atMs))
    for (const atMs of [1, 2, 3, 4, 5]) trace.record({ atMs, source: 's', kind: 'k', data: { x: atMs } })
    expect(trace.lines()).toEqual(['4 s k {"x":4}', '5 s k {"x":5}'])
    expect([trace.count, heard]).toEqual([5, [1, 2, 3, 4, 5]])
  })

  it('keeps no line when told to', () => {
    const trace = new Trace(0)
    trace.record({ atMs: 1, source: 's', kind: 'k', data: {} })
    expect(trace.lines()).toEqual([])
  })
})

describe('textOf', () => {
  it('gives text as it is, anything else as JSON, and nothing for what is missing', () => {
    const data = { text: 'a b', count: 7, list: [1], none: null }
    expect(['text', 'count', 'list', 'none', 'gone'].map((field) => textOf(data, field))).toEqual([
      'a b',
      '7',
      '[1]',
      'null',
      '',
    ])
  })
})
