/**
 * Judges a kill point when its turmoil is over: by what the people have read, what the server knows of logins, keys and
 * unread messages, and what the database saw of its writers. What came to light late counts for the point that it came
 * to light at: the points before have been judged.
 */

import type { SweepViolation } from './point-outcome.ts'
import { StaleWriteJudge } from './stale-writes.ts'
import type { SweepBench } from './sweep-bench.ts'
import type { SweepPeople } from './sweep-people.ts'

/** What a message that could not be read may take to heal once all is answered: a retry receipt and its answer. */
const HEAL_WITHIN_MS = 5_000

export class SweepJudge {
  readonly #bench: SweepBench
  readonly #people: SweepPeople
  readonly #staleWrites = new StaleWriteJudge()
  #keyReuses = 0

  constructor(bench: SweepBench, people: SweepPeople) {
    this.#bench = bench
    this.#people = people
  }

  /**
   * @param hasRecovered all were answered, and one was logged in, before patience was over
   * @throws Error when the lab itself has failed
   */
  async judge(hasRecovered: boolean): Promise<SweepViolation[]> {
    const { whatsapp } = this.#bench.stage
    await whatsapp.idle()
    if (hasRecovered) await this.#bench.until(() => whatsapp.truth().unhealedFailures === 0, HEAL_WITHIN_MS)
    const stale = await this.#staleViolations()
    for (const trouble of whatsapp.truth().troubles)
      this.#bench.fail(new Error(`the fake WhatsApp failed: ${trouble}`))
    this.#bench.assertSound()
    const violations = [
      ...this.#loginViolations(hasRecovered),
      ...this.#answerViolations(),
      ...stale,
      ...this.#keyViolations(hasRecovered),
    ]
    return hasRecovered || violations.length > 0 ? violations : [this.#isNotBack()]
  }

  /** Nothing else says why it was not up when patience was over. */
  #isNotBack(): SweepViolation {
    const { logins, processes, stage } = this.#bench
    const message = `the dyno is ${stage.sim.state}, ${processes.living.length} bots live and ${logins.open} are logged in`
    return { claim: 'comes-back', message }
  }

  async #staleViolations(): Promise<SweepViolation[]> {
    const { clients, stage } = this.#bench
    const stale = this.#staleWrites.judge(await stage.audit.take(), ({ backendPid, atMs }) =>
      clients.nameOf(backendPid, atMs),
    )
    clients.prune()
    return stale.map(({ table, epoch, writer, holder = 'nobody' }) => ({
      claim: 'no-stale-write',
      message: `${writer} wrote into ${table} when ${holder} held the session (epoch ${epoch})`,
    }))
  }

  #loginViolations(hasRecovered: boolean): SweepViolation[] {
    const { logins } = this.#bench
    const { mostAtOnce, qrCodes } = logins.take()
    const violations: SweepViolation[] = []
    if (qrCodes > 0) violations.push({ claim: 'login-without-qr', message: `${qrCodes} QR codes were shown` })
    else if (!hasRecovered && logins.open === 0)
      violations.push({ claim: 'login-without-qr', message: 'nobody is logged in' })
    if (mostAtOnce > 1) violations.push({ claim: 'one-login', message: `${mostAtOnce} at once` })
    return violations
  }

  #answerViolations(): SweepViolation[] {
    const texts = [
      { what: 'no answer to', numbers: this.#people.owed },
      { what: 'more than one answer to', numbers: this.#people.takeRepeated() },
    ]
    return texts.flatMap(({ what, numbers }) =>
      numbers.length === 0
        ? []
        : [{ claim: 'answered-once' as const, message: `${what} ${numbers.join(', ')}` }],
    )
  }

  /** Nothing heals while nobody is there to be asked. */
  #keyViolations(hasRecovered: boolean): SweepViolation[] {
    const { failures, keyReuses } = this.#bench.stage.whatsapp.truth()
    const reuses = keyReuses.slice(this.#keyReuses)
    this.#keyReuses = keyReuses.length
    return [
      ...failures
        .filter(({ healedAtMs }) => hasRecovered && healedAtMs === undefined)
        .map(({ at, error }) => ({
          claim: 'decryption-heals' as const,
          message: `${at} is left with: ${error}`,
        })),
      ...reuses.map(({ firstMessageId, secondMessageId }) => ({
        claim: 'no-key-reuse' as const,
        message: `one key for ${firstMessageId} and ${secondMessageId}`,
      })),
    ]
  }
}
