import { describe, expect, it } from 'vitest'
import {
  AttemptBudgetChecker,
  SingleSocketChecker,
  TerminalIsFinalChecker,
} from '../../../../sim/checkers/connection-checkers.ts'
import { CONTEXT, judged } from './judged.ts'
import type { Told } from './judged.ts'

function connect(atMs: number, connection = atMs): Told {
  return [atMs, 'wa.connect', { process: 'web.1#1/bot.1', connection }]
}

const out: Told = [10_000, 'wa.close', { statusCode: 401 }]

function final(...told: Told[]): string[] {
  return judged(new TerminalIsFinalChecker(), told)
}

function commit(atMs: number, args: Record<string, unknown>, result = 'written'): Told {
  return [atMs, 'store', { op: 'commit', args: args as never, result }]
}

const afterFirst = (kind: string): string[] =>
  judged(new SingleSocketChecker(), [connect(0, 1), [5, kind, { connection: 1 }], connect(6, 2)])

const budget = (...timesMs: number[]): string[] =>
  judged(
    new AttemptBudgetChecker(CONTEXT),
    timesMs.map((timeMs) => connect(timeMs)),
  )

const afterStep = (byMs: number): string[] =>
  judged(new AttemptBudgetChecker(CONTEXT), [
    ...[0, 1, 2].map((timeMs) => connect(timeMs)),
    [3, 'dyno.clock-step', { dynoId: 'web.1#1', byMs }],
    ...[10, 11, 12].map((timeMs) => connect(timeMs)),
  ])

describe('single-socket', () => {
  it('allows the next one when the one before is closed or ended', () => {
    expect(afterFirst('wa.close')).toEqual([])
    expect(afterFirst('wa.end')).toEqual([])
    expect(afterFirst('wa.open')).toHaveLength(1)
  })
})

describe('attempts-in-budget', () => {
  it('counts every rolling window, less the moment between charge and attempt', () => {
    expect(budget(0, 1, 2, 598_000)).toEqual([])
    expect(budget(0, 1, 2, 597_999)).toEqual(['597999 4 attempts in 598 s, the budget is 3'])
  })

  it('goes by the dyno’s clock when that is set forward, and not when it is set back', () => {
    expect(afterStep(600_000)).toEqual([])
    expect(afterStep(1_000)).toHaveLength(3)
    expect(afterStep(-600_000)).toHaveLength(3)
  })

  it('goes by the clock of the dyno that makes the attempt', () => {
    const next: Told = [20, 'wa.connect', { process: 'web.1#2/bot.1', connection: 20 }]
    const setBack: Told = [3, 'dyno.clock-step', { dynoId: 'web.1#1', byMs: -600_000 }]
    const first = [0, 1, 2].map((timeMs) => connect(timeMs))
    expect(judged(new AttemptBudgetChecker(CONTEXT), [...first, next])).toHaveLength(1)
    expect(
      judged(new AttemptBudgetChecker(CONTEXT), [setBack, ...[4, 5, 6].map((ms) => connect(ms)), next]),
    ).toEqual([])
  })

  it('judges nothing, and comes to an end, where clocks differ by more than the window', () => {
    const checker = new AttemptBudgetChecker({ ...CONTEXT, maxSkewMs: CONTEXT.attemptWindowMs })
    const attempts = [0, 1, 2, 3, 4].map((timeMs) => connect(timeMs))
    expect(judged(checker, attempts)).toEqual([])
  })

  it('allows for the clocks of two dynos', () => {
    const checker = new AttemptBudgetChecker({ ...CONTEXT, maxSkewMs: 30_000 })
    expect(
      judged(
        checker,
        [0, 1, 2, 538_000].map((timeMs) => connect(timeMs)),
      ),
    ).toEqual([])
  })
})

describe('terminal-is-final', () => {
  it.each([401, 402, 403, 406, 411])('holds after %i', (statusCode) => {
    const close: Told = [10_000, 'wa.close', { statusCode }]
    expect(final(close, connect(11_000))).toEqual([`11000 attempt after the terminal code ${statusCode}`])
  })

  it.each([408, 428, 440, 500, 503, 515])('does not hold after %i', (statusCode) => {
    expect(final([10_000, 'wa.close', { statusCode }], connect(11_000))).toEqual([])
  })

  it('forbids a new pairing', () => {
    expect(final(out, [11_000, 'wa.qr'])).toEqual(['11000 a new pairing after the terminal code 401'])
  })

  it('forbids to overwrite credentials or to delete keys', () => {
    expect(final(out, commit(11_000, { creds: 'c2' }))).toHaveLength(1)
    expect(final(out, commit(11_000, { keys: ['session/a=deleted'] }))).toHaveLength(1)
    expect(final(out, commit(11_000, { creds: 'c2' }, 'stale-epoch'))).toEqual([])
  })

  it('allows what was under way: steps, used one-time keys, and the credentials of a login just made', () => {
    expect(final(out, commit(11_000, { keys: ['session/a=1f', 'pre-key/7=deleted'] }))).toEqual([])
    expect(final([9_000, 'wa.login'], out, commit(11_000, { creds: 'c2' }))).toEqual([])
    expect(final([7_000, 'wa.login'], out, commit(11_000, { creds: 'c2' }))).toHaveLength(1)
  })
})
