import { describe, expect, it } from 'vitest'
import { RestartWatch } from '../../../../sim/real/restart-watch.ts'
import type { TraceData } from '../../../../sim/world/trace.ts'

const OLD = { dynoId: 'web.1#1' }
const NEW = { process: 'web.1#2/bot-1' }

function restartsAfter(events: readonly (readonly [kind: string, atMs: number, data?: TraceData])[]) {
  const watch = new RestartWatch()
  for (const [kind, atMs, data = {}] of events) watch.observe({ kind, atMs, data, source: 'x' })
  return watch.restarts
}

describe('the wait after a restart', () => {
  it('is from SIGTERM until somebody reads an answer of the new dyno', () => {
    const restarts = restartsAfter([
      ['wa.sent', 500],
      ['dyno.sigterm', 1_000, OLD],
      ['wa.sent', 1_100],
      ['dyno.exited', 1_500, OLD],
      ['wa.open', 3_000, NEW],
      ['wa.sent', 3_400],
      ['wa.sent', 9_000],
    ])
    expect(restarts).toEqual([{ atMs: 1_000, firstReplyMs: 2_400 }])
  })

  it('begins with the end of a dyno that nobody told to stop', () => {
    expect(
      restartsAfter([
        ['dyno.exited', 1_000, OLD],
        ['wa.open', 2_000, NEW],
        ['wa.sent', 2_500],
      ]),
    ).toEqual([{ atMs: 1_000, firstReplyMs: 1_500 }])
  })

  it('is one for each dyno, also when the next restart comes before the old dyno is gone', () => {
    const second = { dynoId: 'web.1#2' }
    expect(
      restartsAfter([
        ['dyno.sigterm', 1_000, OLD],
        ['dyno.sigterm', 3_000, second],
        ['wa.open', 4_000, { process: 'web.1#3/bot-1' }],
        ['dyno.exited', 5_000, OLD],
        ['wa.sent', 6_000],
        ['dyno.exited', 7_000, second],
      ]),
    ).toEqual([
      { atMs: 1_000, firstReplyMs: null },
      { atMs: 3_000, firstReplyMs: 3_000 },
    ])
  })

  it('is not ended by what the old dyno still connects, and has no end without an answer', () => {
    expect(
      restartsAfter([
        ['dyno.sigterm', 1_000, OLD],
        ['wa.open', 1_100, { process: 'web.1#1/bot-2' }],
        ['wa.sent', 1_200],
        ['dyno.sigterm', 5_000, { dynoId: 'web.1#2' }],
      ]),
    ).toEqual([
      { atMs: 1_000, firstReplyMs: null },
      { atMs: 5_000, firstReplyMs: null },
    ])
  })
})
