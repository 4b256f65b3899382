import { describe, expect, it } from 'vitest'
import { dailyCycle } from '../../../../scenarios/dyno-restart/daily-cycle.ts'
import { observe, parseTraceLine, versionOf } from '../../../../sim/conform/observation.ts'
import type { Scenario } from '../../../../sim/scenario.ts'
import type { RunResult } from '../../../../sim/world/run-result.ts'

const MB = 1_048_576

function resultWith(lines: readonly string[], changes: Partial<RunResult> = {}): RunResult {
  return {
    scenario: 'dyno-restart/some',
    family: 'dyno-restart',
    level: 'real',
    target: 'bot',
    seed: 3,
    verdict: 'holds',
    traceHash: '',
    traceEvents: lines.length,
    violations: [],
    virtualMs: 60_000,
    wallMs: 1,
    postgres: undefined,
    lines,
    ...changes,
  }
}

const reading = (atMs: number, mb: number): string =>
  `${atMs} dyno dyno.reading {"dynoId":"web.1#1","usedBytes":${mb * MB}}`
const step = (atMs: number, name: string): string =>
  `${atMs} web.1#1 log.memory.cleanup-step {"name":"${name}","dynoId":"web.1#1"}`

describe('an observation', () => {
  it('holds the first of each key event after each fault', () => {
    const lines = [
      '100 whatsapp wa.open {"connection":1}',
      '5000 fault fault.sigkill {"phase":"begins"}',
      '5100 whatsapp wa.close {"by":"process"}',
      '6000 whatsapp wa.open {"connection":2}',
      '7000 whatsapp wa.open {"connection":3}',
    ]
    expect(observe(dailyCycle, resultWith(lines), 60_000)?.events).toEqual([
      { name: 'wa.open', atMs: 100, phase: 0 },
      { name: 'fault 1 begins', atMs: 5_000, phase: 1 },
      { name: 'wa.close by the bot', atMs: 5_100, phase: 1 },
      { name: 'wa.open', atMs: 6_000, phase: 1 },
    ])
  })

  it('leaves out the end of the run', () => {
    const lines = ['60010 dyno dyno.sigterm {"reason":"scale"}', reading(60_020, 400)]
    expect(observe(dailyCycle, resultWith(lines), 60_000)).toMatchObject({
      events: [],
      memory: { peakMb: null },
    })
  })

  it('holds the steps of each cleanup in their order, also of one that never ended', () => {
    const done = '30 web.1#1 log.memory.cleanup {"urgency":"cleanup","dynoId":"web.1#1"}'
    const lines = [step(10, 'a'), step(20, 'garbage'), done, step(40, 'a')]
    expect(observe(dailyCycle, resultWith(lines), 60_000)?.cleanups).toEqual([['a', 'garbage'], ['a']])
  })

  it('holds the peak, and the memory at rest before the first fault', () => {
    const lines = [
      '1000 whatsapp wa.open {}',
      reading(1_500, 150),
      reading(4_000, 110.04),
      '8000 fault fault.balloon {"phase":"begins"}',
      reading(9_000, 300),
    ]
    expect(observe(dailyCycle, resultWith(lines), 60_000)?.memory).toEqual({ peakMb: 300, restMb: 110 })
  })

  it('names each broken claim once', () => {
    const violations = ['b', 'a', 'b'].map((claim) => ({ claim, atMs: 0, message: '' }))
    expect(observe(dailyCycle, resultWith([], { verdict: 'broken', violations }), 1)?.broken).toEqual([
      'a',
      'b',
    ])
  })

  it('is none of a run that the lab could not finish', () => {
    expect(observe(dailyCycle, resultWith([], { verdict: 'error' }), 1)).toBeUndefined()
  })
})

describe('the version of a scenario', () => {
  const real = dailyCycle.real
  const changed: readonly (readonly [string, Scenario])[] = [
    ['its time line', { ...dailyCycle, real: real && { ...real, durationMs: real.durationMs + 1 } }],
    ['whether the bot is linked', { ...dailyCycle, isPaired: !dailyCycle.isPaired }],
    ['the daily cycle', { ...dailyCycle, dailyCycling: !dailyCycle.dailyCycling }],
    ['how wrong clocks are', { ...dailyCycle, clocks: { ...dailyCycle.clocks, maxSkewMs: 4_321 } }],
  ]

  it.each(changed)('changes with %s', (_what, scenario) => {
    expect(versionOf(scenario)).not.toBe(versionOf(dailyCycle))
  })

  it('does not change with what the real level does not know', () => {
    expect(versionOf({ ...dailyCycle, durationMs: 1_000, scanAfterMs: 1 })).toBe(versionOf(dailyCycle))
  })
})

describe('a trace line', () => {
  it('is time, source, kind and data', () => {
    expect(parseTraceLine('12 web.1#1/bot-1 log.x {"a":"b c"}')).toEqual({
      atMs: 12,
      source: 'web.1#1/bot-1',
      kind: 'log.x',
      data: { a: 'b c' },
    })
    expect(parseTraceLine('no event')).toBeUndefined()
  })
})
