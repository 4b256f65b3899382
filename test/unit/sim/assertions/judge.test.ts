import { describe, expect, it } from 'vitest'
import { parseAssertion } from '../../../../sim/assertions/assertion.ts'
import { compare, judgeAssertion } from '../../../../sim/assertions/judge.ts'
import type { Measurements } from '../../../../sim/assertions/measurements.ts'
import { aCollected, aDyno, aRun, aSample } from './runs.ts'

function judge(text: string, run = aRun(), baseline: readonly Measurements[] = []): string {
  const { verdict, message } = judgeAssertion(parseAssertion(text), run, baseline)
  return `${verdict}: ${message}`
}

function withPeaks(...mbs: number[]): Measurements[] {
  return mbs.map((mb) => aRun({ dyno: aDyno({ samples: [aSample(0, mb)] }) }))
}

const CONNECTIONS = [0, 1, 2, 58, 61].map((second, index, all) => ({
  openedAtMs: second * 1_000,
  loggedInAtMs: second * 1_000 + 100,
  closedAtMs: index === all.length - 1 ? null : second * 1_000 + 500,
}))

describe('what is counted', () => {
  it.each([
    ['connects/min<=4', 'holds: 4'],
    ['connects/min<4', 'broken: 4'],
    ['connects>=5', 'holds: 5'],
    ['connects>5', 'broken: 5'],
    ['sockets=1', 'holds: 1'],
    ['logged-in=2', 'broken: 1'],
    // 0.6 + 0.6 + 55.6 + 2.6 s between the five connections.
    ['downtime<1min', 'holds: 59.4 s'],
    ['longest-downtime<1s', 'broken: 55.6 s'],
  ])('of connections: %s', (text, said) => {
    expect(judge(text, aRun({ connections: CONNECTIONS }))).toBe(said)
  })

  it('sees two at once, also when one is not yet logged in', () => {
    const connections = [
      { openedAtMs: 0, loggedInAtMs: 10, closedAtMs: 500 },
      { openedAtMs: 400, loggedInAtMs: 500, closedAtMs: null },
    ]
    expect(judge('sockets<=1', aRun({ connections }))).toBe('broken: 2')
    expect(judge('logged-in<=1', aRun({ connections }))).toBe('holds: 1')
    expect(judge('downtime=0s', aRun({ connections }))).toBe('holds: 0 ms')
  })

  it('counts the whole run as downtime for a bot that never logged in', () => {
    const connections = [{ openedAtMs: 0, loggedInAtMs: null, closedAtMs: 10 }]
    expect(judge('downtime<1min', aRun({ connections }))).toBe('broken: 3600 s')
  })

  it('of replies', () => {
    const replies = { asked: 5, answered: 4, doubled: 1, latenciesMs: [10, 20, 30, 4_000], unreadable: 0 }
    const run = aRun({ replies })
    expect(judge('lost=0', run)).toBe('broken: 1')
    expect(judge('doubled=0', run)).toBe('broken: 1')
    expect(judge('unreadable=0', run)).toBe('holds: 0')
    expect(judge('reply-p50<=20ms', run)).toBe('holds: 20 ms')
    expect(judge('reply-p99<1s', run)).toBe('broken: 4 s')
  })

  it('of the dyno', () => {
    const samples = [100, 120, 300].map((mb, index) => aSample(index * 20_000, mb))
    const exits = [
      { atMs: 5, status: 1, cause: 'exit' },
      { atMs: 6, status: 143, cause: 'stop' },
      { atMs: 7, status: 137, cause: 'r15' },
    ]
    const run = aRun({ dyno: aDyno({ samples, r14: 2, r15: 1, kills: 1, exits }) })
    expect(judge('rss-peak<=300MB', run)).toBe('holds: 300 MB')
    expect(judge('rss-peak<50%', run)).toBe('broken: 300 MB; the bound is 256 MB')
    expect(judge('rss-typical<=120MB', run)).toBe('holds: 120 MB')
    expect(judge('r14<=1', run)).toBe('broken: 2')
    expect(judge('r15=0', run)).toBe('broken: 1')
    expect(judge('kills<1', run)).toBe('broken: 1')
    expect(judge('crashes=1', run)).toBe('holds: 1')
  })
})

describe('what was not measured', () => {
  it.each<[string, Partial<Measurements>, string]>([
    ['connects<1', { connections: null }, 'connections were not measured'],
    ['qr-scans=0', { qrScans: null }, 'scans were not counted'],
    ['lost=0', { replies: null }, 'nobody asked the bot anything'],
    ['r15=0', { dyno: null }, 'no dyno was measured'],
    ['rss-slope<1MB/h', { dyno: null }, 'no dyno was measured'],
    ['rss-peak<1MB', { dyno: aDyno({ samples: [] }) }, 'the run ended before the first memory sample'],
    ['rss-slope<1MB/h', {}, 'no process let its garbage be collected'],
    [
      'reply-p50<1s',
      { replies: { asked: 1, answered: 0, doubled: 0, latenciesMs: [], unreadable: 0 } },
      'nothing was answered',
    ],
  ])('decides nothing: %s', (text, changes, reason) => {
    expect(judge(text, aRun(changes))).toContain(`undecided: not judged: ${reason}`)
  })
})

describe('a bound on a baseline', () => {
  it('takes the median of several runs', () => {
    const [run] = withPeaks(110)
    expect(judge('rss-peak<=baseline+5%', run, withPeaks(90, 100, 400))).toBe(
      'broken: 110 MB; the bound is 105 MB',
    )
    expect(judge('rss-peak<=baseline', run, withPeaks(90, 100))).toBe('broken: 110 MB; the bound is 95 MB')
    expect(judge('rss-peak<=baseline+10MB', run, withPeaks(100))).toBe('holds: 110 MB; the bound is 110 MB')
    expect(judge('rss-peak<baseline', run, withPeaks(110))).toContain('broken')
  })

  it('is not judged where the baseline lacks it', () => {
    expect(judge('rss-peak<=baseline', aRun(), [])).toBe(
      'undecided: not judged: the baseline has no such measurement of this scenario',
    )
  })
})

describe('an estimate', () => {
  it.each([
    ['<', 3, 'holds'],
    ['<', 2, 'undecided'],
    ['<', 0, 'broken'],
    ['>', 0, 'holds'],
    ['>', 2, 'undecided'],
    ['>', 3, 'broken'],
    ['=', 1, 'undecided'],
    ['=', 3, 'broken'],
  ] as const)(
    'decides only when it lies wholly on one side: 0.5 to 2.5 %s %d',
    (comparison, limit, verdict) => {
      expect(compare({ value: 1, low: 0.5, high: 2.5 }, comparison, limit)).toBe(verdict)
    },
  )

  it('says how long a run it would take', () => {
    const collected = Array.from({ length: 40 }, (_, index) =>
      aCollected(index, 100 + ((index * 7) % 12) / 2),
    )
    const said = judge('rss-slope<1MB/h', aRun({ dyno: aDyno({ collected }) }))
    expect(said).toMatch(
      /^undecided: .* MB\/h \(95 %: .* to .*\); the run is too short .*: (--minutes \d+ should|more than a day would) do$/,
    )
  })
})
