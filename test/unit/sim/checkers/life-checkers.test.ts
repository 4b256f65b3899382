import { describe, expect, it } from 'vitest'
import { NoLeaksChecker, UndisturbedChecker } from '../../../../sim/checkers/life-checkers.ts'
import { MemoryActedOnChecker, NoR15Checker } from '../../../../sim/checkers/memory-checkers.ts'
import { StopsInTimeChecker } from '../../../../sim/checkers/stop-checker.ts'
import { CONTEXT, judged } from './judged.ts'
import type { Told } from './judged.ts'

const dynoId = 'web.1#1'

const sample = (atMs: number, percent: number): Told => [atMs, 'dyno.memory', { dynoId, percent }]

const reclaim = (atMs: number, percent: number): Told => [
  atMs,
  'memory.reclaim',
  { dynoId, what: 'garbage', usedBytes: percent * 10 },
]

const actedOn = (...told: Told[]): string[] => judged(new MemoryActedOnChecker(CONTEXT), told)

const sigterm: Told = [1_000, 'dyno.sigterm', { dynoId }]

const exited = (atMs: number): Told => [atMs, 'dyno.exited', { dynoId }]

const inTime = (...told: Told[]): string[] => judged(new StopsInTimeChecker(), told)

const sockets = (count: number): Told[] => [
  ...Array.from({ length: count }, (_, atMs): Told => [atMs, 'wa.connect', { process: 'bot' }]),
  [100, 'process.timers', { mostOfOneLabel: 1, timers: 1 }, 'bot'],
]

describe('no-leaks', () => {
  it('bounds the sockets of a process that are not closed', () => {
    expect(judged(new NoLeaksChecker(), sockets(9))).toEqual(['100 bot holds 9 sockets'])
    expect(
      judged(new NoLeaksChecker(), [...sockets(9).slice(0, 9), [10, 'wa.close', { process: 'bot' }]]),
    ).toEqual([])
  })
})

describe('undisturbed', () => {
  it('allows the answer that was asked for, once connected', () => {
    const told: Told[] = [
      [0, 'wa.connect'],
      [1, 'wa.queued', { text: '.ping 1' }],
      [2, 'wa.sent', { text: 'pong 1' }],
    ]
    expect(judged(new UndisturbedChecker(), told)).toEqual([])
    expect(judged(new UndisturbedChecker(), [...told, [3, 'wa.connect']])).toHaveLength(1)
    expect(judged(new UndisturbedChecker(), [...told, [3, 'wa.sent', { text: 'hello' }]])).toHaveLength(1)
  })
})

describe('no-r15', () => {
  it('breaks with every R15', () => {
    expect(judged(new NoR15Checker(), [[5, 'dyno.r15', { memoryMb: 1_030 }]])).toEqual(['5 R15 at 1030 MB'])
  })
})

describe('memory-acted-on', () => {
  it('wants an action within 22 s of the sample that shows a threshold crossed', () => {
    expect(actedOn(sample(0, 75), sample(22_000, 75))).toEqual([])
    expect(actedOn(sample(0, 75), sample(22_001, 75))[0]).toContain('is above 70 % since 0 ms')
    expect(actedOn(sample(0, 75), reclaim(5_000, 75), sample(40_000, 75))).toEqual([])
  })

  it('wants one for each threshold', () => {
    expect(actedOn(sample(0, 75), reclaim(1, 75), sample(20_000, 90), sample(50_000, 90))[0]).toContain(
      'is above 85 % since 20000 ms',
    )
  })

  it('wants another one only after memory was well below', () => {
    const acted = [sample(0, 75), reclaim(1, 75)]
    expect(actedOn(...acted, sample(20_000, 65), sample(40_000, 75), sample(80_000, 75))).toEqual([])
    expect(actedOn(...acted, sample(20_000, 60), sample(40_000, 75), sample(80_000, 75))).toHaveLength(1)
  })

  it('forbids one below the threshold, but for the further steps of a cleanup', () => {
    expect(actedOn(reclaim(0, 60))).toEqual(['0 garbage at 60.0 %, below the threshold of 70 %'])
    expect(actedOn(reclaim(0, 75), reclaim(30_000, 40))).toEqual([])
    expect(actedOn(reclaim(0, 75), reclaim(30_001, 40))).toHaveLength(1)
  })

  it.each(['dyno.hang', 'dyno.starve'])('waits for a dyno during %s', (kind) => {
    const trouble: Told = [5_000, kind, { dynoId, forMs: 40_000 }]
    expect(actedOn(sample(0, 75), trouble, sample(30_000, 75), sample(60_000, 75))).toEqual([])
    expect(actedOn(sample(0, 75), trouble, sample(50_000, 75), sample(80_000, 75))).toHaveLength(1)
  })

  it('wants nothing more after a hang of a dyno that had acted', () => {
    const hang: Told = [5_000, 'dyno.hang', { dynoId, forMs: 40_000 }]
    expect(actedOn(sample(0, 75), reclaim(1, 75), hang, sample(50_000, 75), sample(80_000, 75))).toEqual([])
  })

  it.each(['dyno.sigterm', 'dyno.exited', 'dyno.sigkill', 'process.started'])(
    'begins anew with %s',
    (kind) => {
      expect(actedOn(sample(0, 75), [15_000, kind, { dynoId }], sample(30_000, 75))).toEqual([])
    },
  )
})

describe('stops-in-time', () => {
  it('wants an exit within 20 s, and a quarter for the clocks', () => {
    expect(inTime(sigterm, exited(21_249))).toEqual([])
    expect(inTime(sigterm, exited(21_250))).toEqual(['21250 web.1#1 exited 20250 ms after its SIGTERM'])
  })

  it('says it once when Heroku has to kill', () => {
    expect(inTime(sigterm, [31_000, 'dyno.r12', { dynoId }], exited(31_000))).toEqual([
      '31000 web.1#1 was killed by Heroku 30000 ms after its SIGTERM',
    ])
  })

  it('is judged also when the run ends first', () => {
    expect(judged(new StopsInTimeChecker(), [sigterm], 20_000)).toEqual([])
    expect(judged(new StopsInTimeChecker(), [sigterm], 25_000)).toEqual([
      '25000 web.1#1 is still there 24000 ms after its SIGTERM',
    ])
  })

  it('does not count the time that the dyno hangs', () => {
    const before: Told = [0, 'dyno.hang', { dynoId, forMs: 11_000 }]
    const during: Told = [5_000, 'dyno.hang', { dynoId, forMs: 10_000 }]
    expect(inTime(before, sigterm, exited(31_000))).toEqual([])
    expect(inTime(sigterm, during, exited(31_000))).toEqual([])
    // Together they last from 0 to 15 s: 14 s of the stop.
    expect(inTime(before, sigterm, during, exited(35_249))).toEqual([])
    expect(inTime(before, sigterm, during, exited(35_250))).toHaveLength(1)
  })

  it('holds a starved dyno to Heroku’s limit alone', () => {
    const starve: Told = [500, 'dyno.starve', { dynoId, forMs: 60_000 }]
    expect(inTime(starve, sigterm, exited(30_999))).toEqual([])
    expect(inTime(starve, sigterm, [31_000, 'dyno.r12', { dynoId }])).toHaveLength(1)
    expect(inTime(sigterm, [2_000, 'dyno.starve', { dynoId, forMs: 5 }], exited(30_000))).toEqual([])
  })

  it('lets a dyno go that nobody told to', () => {
    expect(inTime([0, 'dyno.exited', { dynoId }])).toEqual([])
  })
})
