/**
 * Kill points of a bot at work: a stage with people who write all the time. One point after the other: the write is
 * brought about, the victim killed at its moment, more is asked at once, and when everybody has an answer, or patience
 * is over, all claims are judged. The stage is as good as new after a point that holds; after another it is not.
 */

import { signalQuietly } from '../dyno/real/dyno-processes.ts'
import type { KillPoint } from './kill-point.ts'
import { outcomeOf } from './point-outcome.ts'
import type { PointOutcome, SweepViolation } from './point-outcome.ts'
import type { Strike } from './strike.ts'
import { SweepBench } from './sweep-bench.ts'
import type { SweepBenchOptions } from './sweep-bench.ts'
import { SweepJudge } from './sweep-judge.ts'
import { SweepPeople } from './sweep-people.ts'
import { WRITE_OPERATIONS } from './write-operations.ts'
import type { Stimulus } from './write-operations.ts'

/** For a write to come about, and for answers; by the looks of sweep-bench.ts. */
const STRIKE_WITHIN_MS = 20_000
const ANSWERS_WITHIN_MS = 40_000
const ASK_EVERY_MS = 60
/** So long a bot that was told to end may still look alive and well. */
const BOOT_EVERY_MS = 500

export class TrafficPoints {
  readonly #bench: SweepBench
  readonly #people: SweepPeople
  readonly #judge: SweepJudge
  #boots = 0

  private constructor(bench: SweepBench) {
    this.#bench = bench
    const { whatsapp, account } = bench.stage
    this.#people = new SweepPeople(whatsapp, account, (error) => bench.fail(error))
    this.#judge = new SweepJudge(bench, this.#people)
  }

  /** Everything but the first boot. @throws Error, InfrastructureError */
  static async open(options: Omit<SweepBenchOptions, 'isLinked'>): Promise<TrafficPoints> {
    return new TrafficPoints(await SweepBench.open({ ...options, isLinked: true }))
  }

  /** The dyno's last log lines. */
  get lines(): readonly string[] {
    return this.#bench.lines
  }

  close(): Promise<void> {
    return this.#bench.close()
  }

  /** Boots; resolves when everybody has got a first answer. @throws Error when nobody does */
  async start(): Promise<void> {
    await this.#bench.stage.sim.start()
    this.#people.askAll()
    if (await this.#bench.until(() => this.#isCalm, ANSWERS_WITHIN_MS)) return
    throw new Error(`the bot did not answer before anybody was killed:\n${this.lines.slice(-5).join('\n')}`)
  }

  /** @throws Error when the lab itself fails */
  async run(point: KillPoint): Promise<PointOutcome> {
    const startedMs = performance.now()
    await this.#bench.until(() => this.#isCalm, ANSWERS_WITHIN_MS)
    const strike = this.#bench.arm(point)
    let violations: readonly SweepViolation[] = []
    let recoveredAfterMs: number | undefined
    try {
      await this.#bringAbout(point, strike)
      if (strike.hasStruck) {
        const { atMs } = await strike.struck()
        this.#people.askAll()
        if (point.victim === 'postgres') await this.#bench.revivePostgres()
        const hasRecovered = await this.#bench.until(() => this.#isCalm, ANSWERS_WITHIN_MS)
        if (hasRecovered) recoveredAfterMs = Math.round(performance.now() - atMs)
        strike.end()
        violations = await this.#judge.judge(hasRecovered)
      }
    } finally {
      strike.end()
    }
    const tookMs = Math.round(performance.now() - startedMs)
    return outcomeOf(point, { hasStruck: strike.hasStruck, violations, recoveredAfterMs, tookMs })
  }

  /** Nothing is owed to anybody, and one bot is logged in. */
  get #isCalm(): boolean {
    return this.#people.owed.length === 0 && this.#bench.isUp
  }

  /** Again and again until the trap is sprung: an occurrence may be the third of its kind. */
  async #bringAbout({ operation }: KillPoint, strike: Strike): Promise<void> {
    const stimulus = WRITE_OPERATIONS.find(({ name }) => name === operation)?.stimulus ?? 'time'
    const isLong = stimulus === 'boot' || stimulus === 'stop'
    let nextMs = 0
    await this.#bench.until(() => {
      if (strike.hasStruck) return true
      // A boot is not disturbed by the next one.
      if (performance.now() < nextMs || (isLong && nextMs > 0 && !this.#isCalm)) return false
      nextMs = performance.now() + (isLong ? BOOT_EVERY_MS : ASK_EVERY_MS)
      this.#stimulate(stimulus)
      return false
    }, STRIKE_WITHIN_MS)
  }

  #stimulate(stimulus: Stimulus): void {
    switch (stimulus) {
      case 'message':
        return this.#people.askNext()
      case 'new-contact':
        return this.#people.ask('newcomer')
      case 'boot':
        return this.#boot()
      case 'stop':
        this.#bench.stage.sim.restart()
        return
      // The first comes by itself, the other on a stage of its own.
      case 'time':
      case 'pairing':
        return undefined
      default:
        return stimulus satisfies never
    }
  }

  /** A crash and an orderly restart in turn. */
  #boot(): void {
    const bot = this.#bench.processes.living.at(-1)
    this.#boots += 1
    if (this.#boots % 2 === 0 || bot === undefined) this.#bench.stage.sim.restart()
    else signalQuietly(bot.pid, 'SIGKILL')
  }
}
