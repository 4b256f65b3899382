/**
 * A kill point in the life of a new session: each on a stage of its own, where a bot without a session shows a code on
 * its page, its owner types it into the phone, and the victim is killed somewhere between the first write of the lease
 * and the last one of the credentials. Before the link is made a new code is right; afterwards none is.
 */

import type { KillPoint } from './kill-point.ts'
import { outcomeOf } from './point-outcome.ts'
import type { PointOutcome, SweepViolation } from './point-outcome.ts'
import { SweepBench } from './sweep-bench.ts'
import type { SweepBenchOptions } from './sweep-bench.ts'
import { SweepJudge } from './sweep-judge.ts'
import { SweepPeople } from './sweep-people.ts'
import { ADMIN_TOKEN } from './sweep-stage.ts'

/** By the looks of sweep-bench.ts. */
const STRIKE_WITHIN_MS = 20_000
const ANSWERS_WITHIN_MS = 40_000
/** The page allows two a second. */
const LOOK_AT_PAGE_EVERY_MS = 600
const CODE = /class="code">([^<]+)</

export class PairingPoint {
  readonly #bench: SweepBench
  readonly #people: SweepPeople
  #lookedAtMs = 0

  private constructor(bench: SweepBench) {
    this.#bench = bench
    const { whatsapp, account } = bench.stage
    this.#people = new SweepPeople(whatsapp, account, (error) => bench.fail(error))
  }

  /** Everything but the first boot. @throws Error, InfrastructureError */
  static async open(options: Omit<SweepBenchOptions, 'isLinked'>): Promise<PairingPoint> {
    return new PairingPoint(await SweepBench.open({ ...options, isLinked: false }))
  }

  /** The dyno's last log lines. */
  get lines(): readonly string[] {
    return this.#bench.lines
  }

  close(): Promise<void> {
    return this.#bench.close()
  }

  /** Nothing: the first boot is part of the point. */
  start(): Promise<void> {
    return Promise.resolve()
  }

  /** Once. @throws Error when the lab itself fails */
  async run(point: KillPoint): Promise<PointOutcome> {
    const startedMs = performance.now()
    const bench = this.#bench
    const strike = bench.arm(point)
    let violations: readonly SweepViolation[] = []
    let recoveredAfterMs: number | undefined
    try {
      await bench.stage.sim.start()
      await this.#pairUntil(() => strike.hasStruck, STRIKE_WITHIN_MS)
      if (strike.hasStruck) {
        const { atMs } = await strike.struck()
        if (point.victim === 'postgres') await bench.revivePostgres()
        const isLoggedIn = await this.#pairUntil(() => this.#isLinked && bench.isUp, ANSWERS_WITHIN_MS)
        if (isLoggedIn) this.#people.askAll()
        const hasRecovered =
          isLoggedIn &&
          (await bench.until(() => this.#people.owed.length === 0 && bench.isUp, ANSWERS_WITHIN_MS))
        if (hasRecovered) recoveredAfterMs = Math.round(performance.now() - atMs)
        strike.end()
        violations = [
          ...(await new SweepJudge(bench, this.#people).judge(hasRecovered)),
          ...this.#linkViolations(),
        ]
      }
    } finally {
      strike.end()
    }
    const tookMs = Math.round(performance.now() - startedMs)
    return outcomeOf(point, { hasStruck: strike.hasStruck, violations, recoveredAfterMs, tookMs })
  }

  get #isLinked(): boolean {
    return this.#bench.stage.account.linkedDevices.length > 0
  }

  #linkViolations(): SweepViolation[] {
    const links = this.#bench.stage.account.linkedDevices.length
    if (links < 2) return []
    return [{ claim: 'login-without-qr', message: `the bot was linked ${links} times` }]
  }

  /** Whenever the page shows a code and the phone knows no device, the owner types it in. */
  #pairUntil(isMet: () => boolean, withinMs: number): Promise<boolean> {
    return this.#bench.until(() => {
      if (isMet()) return true
      if (!this.#isLinked && performance.now() - this.#lookedAtMs > LOOK_AT_PAGE_EVERY_MS) {
        this.#lookedAtMs = performance.now()
        void this.#typeCode()
      }
      return false
    }, withinMs)
  }

  /** A page that does not answer, and a code of a bot that is dead by now, are what this is about. */
  async #typeCode(): Promise<void> {
    const { sim, account } = this.#bench.stage
    try {
      const page = await fetch(`http://127.0.0.1:${sim.port}/pairing`, {
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      })
      const code = CODE.exec(await page.text())?.[1]
      if (code !== undefined && !this.#isLinked) await account.enterPairingCode(code)
    } catch {
      // The next look shows what became of it.
    }
  }
}
