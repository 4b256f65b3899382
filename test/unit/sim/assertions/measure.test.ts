import { describe, expect, it } from 'vitest'
import { measureConnections, measureDyno, measureReplies } from '../../../../sim/assertions/measure.ts'
import { measurementsSchema } from '../../../../sim/assertions/measurements.ts'
import type { DynoEvent, DynoEventBody } from '../../../../sim/dyno/real/dyno-event.ts'
import type { ConnectionTruth } from '../../../../sim/whatsapp/truth-ledger.ts'
import { aRun, MB } from './runs.ts'

const START_MS = 1_700_000_000_000
const SPAN = { startedAtMs: START_MS, endedAtMs: START_MS + 10_000 }

function truth(openedMs: number, loggedInMs?: number, closedMs?: number): ConnectionTruth {
  const at = (ms: number | undefined) => (ms === undefined ? undefined : START_MS + ms)
  return {
    number: 1,
    openedAtMs: START_MS + openedMs,
    device: undefined,
    loggedInAtMs: at(loggedInMs),
    closedAtMs: at(closedMs),
    routing: undefined,
  }
}

const question = (number: number) => ({ asker: 'anna', answer: `pong ${number}`, atMs: 1_000 * number })
const reading = (number: number, id: string, atMs: number, reader = 'anna') => ({
  reader,
  text: `pong ${number}`,
  id,
  atMs,
})

const at = (ms: number, body: DynoEventBody): DynoEvent => ({ atMs: START_MS + ms, ...body })
const sample = (ms: number, mb: number, verdict: 'fine' | 'r14' | 'r15' = 'fine'): DynoEvent =>
  at(ms, {
    kind: 'sample',
    boot: 1,
    memoryMb: mb,
    percent: 0,
    usedBytes: mb * MB,
    measure: 'pss',
    anonBytes: undefined,
    rssBytes: 2 * mb * MB,
    processes: 2,
    verdict,
    isScheduled: true,
  })
const ended = (ms: number, boot: number, cause: 'exit' | 'r12' | 'r15' | 'hardware-fault', status = 137) =>
  at(ms, { kind: 'ended', boot, end: { cause, status, upForMs: undefined, sweptProcesses: 0 } })

describe('connections', () => {
  it('are those of the run, by its clock, in order', () => {
    const list = [truth(-9, -8, -1), truth(700), truth(100, 200, 600), truth(10_001)]
    expect(measureConnections(list, SPAN)).toEqual([
      { openedAtMs: 100, loggedInAtMs: 200, closedAtMs: 600 },
      { openedAtMs: 700, loggedInAtMs: null, closedAtMs: null },
    ])
  })

  it('begin with the run where they are there already', () => {
    expect(measureConnections([truth(-900, -800, 50)], SPAN)).toEqual([
      { openedAtMs: 0, loggedInAtMs: 0, closedAtMs: 50 },
    ])
  })

  it('that close after the end are open at the end', () => {
    expect(measureConnections([truth(100, 200, 10_500)], SPAN)).toMatchObject([{ closedAtMs: null }])
  })
})

describe('replies', () => {
  it('count once for a question, however often its answer is read', () => {
    const readings = [reading(1, 'a', 1_050), reading(1, 'a', 1_400), reading(2, 'b', 2_300)]
    expect(measureReplies([question(1), question(2), question(3)], readings, 0)).toEqual({
      asked: 3,
      answered: 2,
      doubled: 0,
      latenciesMs: [50, 300],
      unreadable: 0,
    })
  })

  it('are doubled when other messages say the same', () => {
    const readings = [reading(1, 'b', 1_400), reading(1, 'a', 1_050), reading(1, 'c', 1_500)]
    expect(measureReplies([question(1)], readings, null)).toMatchObject({ doubled: 2, latenciesMs: [50] })
  })

  it('to somebody else are none', () => {
    expect(measureReplies([question(1)], [reading(1, 'a', 1_050, 'ben')], 0)).toMatchObject({ answered: 0 })
  })
})

describe('a dyno', () => {
  it('is its samples, the platform’s errors and how each boot ended', () => {
    const events = [
      sample(100, 200),
      sample(200, 600, 'r14'),
      sample(300, 1_100, 'r15'),
      ended(310, 1, 'r15'),
      at(400, { kind: 'sigterm', boot: 2, reason: 'restart', isRepeated: false, processes: 2 }),
      ended(500, 2, 'exit', 143),
      at(600, { kind: 'sigterm', boot: 3, reason: 'deploy', isRepeated: false, processes: 2 }),
      ended(700, 3, 'r12'),
      ended(800, 4, 'hardware-fault'),
      ended(900, 5, 'exit', 1),
      at(950, { kind: 'oom-kill', boot: 6, pid: 7, usedBytes: 1 }),
    ]
    const dyno = measureDyno({ events, quotaBytes: 512 * MB, collected: [] }, SPAN)
    expect(dyno).toMatchObject({ quotaBytes: 512 * MB, r10: 0, r12: 1, r14: 1, r15: 1, kills: 3 })
    expect(dyno.samples[1]).toEqual({
      atMs: 200,
      boot: 1,
      usedBytes: 600 * MB,
      anonBytes: null,
      rssBytes: 1_200 * MB,
    })
    expect(dyno.exits).toEqual([
      { atMs: 310, status: 137, cause: 'r15' },
      { atMs: 500, status: 143, cause: 'stop' },
      { atMs: 700, status: 137, cause: 'r12' },
      { atMs: 800, status: 137, cause: 'hardware-fault' },
      { atMs: 900, status: 1, cause: 'exit' },
    ])
    expect(measurementsSchema.parse(aRun({ dyno }))).toMatchObject({ dyno: { r15: 1 } })
  })
})
