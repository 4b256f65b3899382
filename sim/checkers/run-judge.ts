/**
 * All that is judged of one run, at every level: the checkers of its `always` claims, the `eventually` and
 * `sometimes` claims, and misdeeds that no claim has a name for. It listens to the trace and is asked once.
 */

import type { Scenario } from '../scenario.ts'
import type { Verdict } from '../world/run-result.ts'
import type { TraceEvent } from '../world/trace.ts'
import type { Checker, CheckerContext } from './checker.ts'
import type { Violation } from './claim.ts'
import { checkersOf } from './judges.ts'
import { EventuallyJudge, SometimesJudge } from './outcome.ts'
import type { Outcome } from './outcome.ts'

export interface Judgement {
  readonly verdict: Verdict
  readonly violations: readonly Violation[]
}

export interface RunJudgeOptions {
  readonly scenario: Scenario
  readonly context: CheckerContext
}

export interface RunEnd {
  readonly atMs: number
  /** False for a run that was cut short: it says nothing about what would have come true later. */
  readonly isWhole: boolean
  /** Faults that never took effect, as text. */
  readonly unstruck: readonly string[]
}

const NOTHING: Outcome = { broken: [], vacuous: [] }

export class RunJudge {
  readonly #checkers: readonly Checker[]
  readonly #eventually: EventuallyJudge
  readonly #sometimes: SometimesJudge
  readonly #misdeeds: Violation[] = []
  #isOver = false

  constructor({ scenario, context }: RunJudgeOptions) {
    this.#checkers = checkersOf(scenario, context)
    this.#eventually = new EventuallyJudge(scenario.claims.eventually)
    this.#sometimes = new SometimesJudge(scenario.claims.sometimes)
  }

  observe(event: TraceEvent): void {
    if (this.#isOver) return
    for (const checker of this.#checkers) checker.observe(event)
    this.#eventually.observe(event)
    this.#sometimes.observe(event)
  }

  /** Something that no bot may do and no claim speaks of. */
  misdeed(atMs: number, message: string): void {
    this.#misdeeds.push({ claim: 'sound-process', atMs, message })
  }

  /** To be called when the last fault has struck and is over: from then on deadlines run. */
  faultsEnded(atMs: number): void {
    this.#eventually.faultsEnded(atMs)
  }

  /** The end of the world is not the bot's doing: what follows is not judged. */
  end(): void {
    this.#isOver = true
  }

  /** How often claims broke so far. */
  get breaches(): number {
    return this.#checkers.reduce((sum, { breaches }) => sum + breaches, 0)
  }

  judge({ atMs, isWhole, unstruck }: RunEnd): Judgement {
    const outcome = isWhole ? this.#eventually.judge(atMs) : NOTHING
    for (const checker of this.#checkers) checker.finish(atMs)
    const broken = [
      ...this.#misdeeds,
      ...this.#checkers.flatMap((checker) => checker.violations()),
      ...outcome.broken,
    ].toSorted((a, b) => a.atMs - b.atMs)
    if (broken.length > 0) return { verdict: 'broken', violations: broken }
    const vacuous = [
      ...unstruck.map((message) => ({ claim: 'faults strike', atMs, message })),
      ...outcome.vacuous,
      ...this.#sometimes.judge(atMs),
    ]
    return { verdict: vacuous.length > 0 ? 'vacuous' : 'holds', violations: vacuous }
  }
}
