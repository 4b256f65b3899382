import { describe, expect, it } from 'vitest'
import { BackoffLawChecker } from '../../../../sim/checkers/backoff-checker.ts'
import { CONTEXT, judged } from './judged.ts'
import type { Told } from './judged.ts'

const process = 'web.1#1/bot.1'

function connect(atMs: number, connection: number): Told {
  return [atMs, 'wa.connect', { process, connection }]
}
function open(atMs: number, connection: number): Told {
  return [atMs, 'wa.open', { process, connection }]
}
function end(atMs: number, connection: number): Told {
  return [atMs, 'wa.end', { process, connection }]
}
function close(atMs: number, connection: number, statusCode = 428, by = 'server', message = ''): Told {
  return [atMs, 'wa.close', { process, connection, statusCode, by, message }]
}
/** The process has not been seen to hold on for so long. */
function unseen(atMs: number, connection: number, unseenMs: number): Told {
  return [atMs, 'wa.end', { process, connection, unseenMs }]
}
/** Seen so long after the server began to end it. */
function late(atMs: number, connection: number, agoMs: number): Told {
  return [atMs, 'wa.close', { process, connection, agoMs }]
}
function law(told: readonly Told[]): string[] {
  return judged(new BackoffLawChecker(CONTEXT), told)
}

/** In a black hole the end of a connection is seen when the next one comes. */
const inSilence = (unseenMs: number): string[] =>
  law([connect(0, 1), open(0, 1), unseen(10_000, 1, unseenMs), connect(10_000, 2)])

const failingTwice = (upMs: number): string[] =>
  law([
    connect(0, 1),
    close(0, 1),
    connect(1_000, 2),
    open(2_000, 2),
    close(2_000 + upMs, 2),
    connect(2_000 + upMs + 990, 3),
  ])

describe('after a failure', () => {
  it('half of the envelope must pass, and it doubles', () => {
    expect(law([connect(0, 1), close(0, 1), connect(990, 2), close(1_000, 2), connect(2_980, 3)])).toEqual([])
    expect(law([connect(0, 1), close(0, 1), connect(989, 2)])).toEqual([
      '989 attempt 1 ms too early, after 1 failures in a row',
    ])
    expect(law([connect(0, 1), close(0, 1), connect(1_000, 2), close(1_000, 2), connect(2_979, 3)])).toEqual([
      '2979 attempt 1 ms too early, after 2 failures in a row',
    ])
  })

  it('is waited for since the server began to end the connection, and its uptime lasts until that was seen', () => {
    const once = [connect(0, 1), close(0, 1), connect(1_000, 2)]
    expect(law([...once, late(1_200, 2, 200), connect(2_980, 3)])).toEqual([])
    expect(law([...once, late(1_200, 2, 200), connect(2_979, 3)])).toHaveLength(1)
    const twice = [...once, close(1_000, 2), connect(3_000, 3), open(3_000, 3)]
    expect(law([...twice, late(123_000, 3, 3_000), connect(123_001, 4)])).toEqual([])
  })

  it('is waited for since the process was last seen to hold on to a connection that it ended itself', () => {
    expect(inSilence(990)).toEqual([])
    expect(inSilence(989)).toHaveLength(1)
  })

  it('quick attempts end, and half of the probe interval must pass', () => {
    const failing = [1, 2, 3, 4].flatMap((number) => [
      connect(number * 10_000, number),
      close(number * 10_000, number),
    ])
    expect(law([...failing, connect(40_000 + 445_499, 5)])).toHaveLength(1)
    expect(law([...failing, connect(40_000 + 445_500, 5)])).toEqual([])
  })

  it('stable uptime forgets it, and a shorter one does not', () => {
    expect(failingTwice(120_000)).toEqual([])
    expect(failingTwice(100_000)).toHaveLength(1)
  })

  it('a conflict asks for half of thirty seconds at least', () => {
    expect(law([connect(0, 1), close(0, 1, 440), connect(29_000, 2)])).toHaveLength(1)
    expect(law([connect(0, 1), close(0, 1, 440), connect(29_700, 2)])).toEqual([])
  })

  it('one restart that the server asks for is free, a second is not', () => {
    expect(law([connect(0, 1), close(0, 1, 515), connect(1, 2)])).toEqual([])
    expect(
      law([connect(0, 1), close(0, 1, 515), connect(1, 2), close(2, 2, 515), connect(3, 3)]),
    ).toHaveLength(1)
  })

  it('a restart that was waited for as after a failure leaves the free one', () => {
    const waited = [connect(0, 1), close(0, 1, 515), connect(1_000, 2), close(2_000, 2, 515)]
    expect(law([...waited, connect(2_001, 3)])).toEqual([])
    expect(law([...waited, connect(2_001, 3), close(2_002, 3, 515), connect(2_003, 4)])).toHaveLength(1)
  })

  it('codes that nobody scanned are none', () => {
    const unscanned = close(5, 1, 408, 'client', 'QR refs attempts ended')
    expect(law([connect(0, 1), unscanned, connect(6, 2)])).toEqual([])
  })
})

describe('a connection that the library gives up', () => {
  it('has failed when it was ended, not when a black hole lets its close through', () => {
    const lost = [connect(0, 1), open(1, 1), end(1_000, 1), close(31_000, 1, 408, 'client')]
    expect(law([...lost, connect(31_001, 2)])).toEqual([])
  })
})

describe('a connection that the bot ends by itself', () => {
  it('is a failure too, closed or not closed yet', () => {
    expect(law([connect(0, 1), open(1, 1), end(5, 1), close(6, 1, 428, 'end'), connect(10, 2)])).toHaveLength(
      1,
    )
    expect(law([connect(0, 1), open(1, 1), end(5, 1), connect(10, 2)])).toHaveLength(1)
  })

  it('is none while the database is in trouble, and for a minute after', () => {
    const trouble: Told[] = [
      [0, 'fault.store-outage', { phase: 'begins' }],
      [20_000, 'fault.store-outage', { phase: 'lifted' }],
    ]
    const ended = (atMs: number): Told[] => [connect(0, 1), end(atMs, 1), close(atMs, 1, 428, 'end')]
    expect(law([...trouble, ...ended(79_000), connect(79_001, 2)])).toEqual([])
    expect(law([...trouble, ...ended(81_000), connect(81_001, 2)])).toHaveLength(1)
  })

  it('is none within a minute of a fault of the database that only strikes', () => {
    const ended = (atMs: number): Told[] => [connect(0, 1), end(atMs, 1), close(atMs, 1, 428, 'end')]
    const struck: Told = [0, 'fault.proxy', { phase: 'begins', lasts: false }]
    expect(law([struck, ...ended(59_000), connect(59_001, 2)])).toEqual([])
    expect(law([struck, ...ended(61_000), connect(61_001, 2)])).toHaveLength(1)
  })

  it('is none right after another process has taken the lease', () => {
    const taken: Told = [0, 'store', { op: 'takeLease', result: { epoch: 2 } }, 'web.1#2/bot.1']
    expect(law([taken, connect(0, 1), end(50_000, 1), connect(50_001, 2)])).toEqual([])
    expect(law([taken, connect(0, 1), end(61_000, 1), connect(61_001, 2)])).toHaveLength(1)
  })

  it('is none around a hang', () => {
    const hang: Told = [0, 'dyno.hang', { dynoId: 'web.1#1', forMs: 30_000 }]
    expect(law([hang, connect(0, 1), end(89_000, 1), connect(89_001, 2)])).toEqual([])
    expect(law([hang, connect(0, 1), end(91_000, 1), connect(91_001, 2)])).toHaveLength(1)
  })
})

describe('a connection that was cut during a hang', () => {
  it('was let go by the bot, whose lease was unproven, when it hears of it', () => {
    const hang: Told = [0, 'dyno.hang', { dynoId: 'web.1#1', forMs: 30_000 }]
    expect(law([connect(0, 1), open(0, 1), hang, close(30_003, 1), connect(30_010, 2)])).toEqual([])
    expect(law([connect(0, 1), open(0, 1), hang, close(31_001, 1), connect(31_010, 2)])).toHaveLength(1)
  })
})

describe('a process', () => {
  it('does not inherit the failures of another one', () => {
    const other: Told = [1, 'wa.connect', { process: 'web.1#1/bot.2', connection: 2 }]
    expect(law([connect(0, 1), close(0, 1), other])).toEqual([])
  })

  it('that dies with its connection has not failed', () => {
    expect(law([connect(0, 1), close(5, 1, 428, 'process'), connect(6, 2)])).toEqual([])
  })
})
