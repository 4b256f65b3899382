/**
 * A memory balloon on the ledger of the virtual world: follows its plan over virtual time inside the bot
 * process that lives when it acts. A process that takes its place starts without it, unless the plan says
 * that the leak is in the code.
 */

import type { MemoryLedger } from '../fakes/memory-ledger.ts'
import type { ScheduledEvent, Scheduler } from '../world/scheduler.ts'
import { balloonStep } from './balloon-plan.ts'
import type { BalloonPlan } from './balloon-plan.ts'

export interface LedgerBalloonOptions {
  readonly scheduler: Scheduler
  readonly plan: BalloonPlan
  /** The ledger of the bot process that lives now; undefined between two. */
  ledger(): MemoryLedger | undefined
  /** True while that process is suspended and takes no memory. */
  isSuspended(): boolean
  /** Called after each change: the dyno's hard limit is to be checked. */
  onStep(): void
}

/** How often it looks for a process to act in, when there is none or a new one would bring the leak back. */
const LOOK_MS = 5_000
/** How often it looks whether a suspended process goes on. */
const SUSPENDED_LOOK_MS = 250

export class LedgerBalloon {
  readonly #options: LedgerBalloonOptions
  #ledger: MemoryLedger | undefined
  #sinceMs = 0
  #heldBytes = 0
  #hasStruck = false
  #event: ScheduledEvent | undefined

  constructor(options: LedgerBalloonOptions) {
    this.#options = options
  }

  /** Whether any process has really been inflated. */
  get hasStruck(): boolean {
    return this.#hasStruck
  }

  start(): void {
    this.#act()
  }

  /** Acts no more; what is held stays held. May be called twice. */
  stop(): void {
    this.#event?.cancel()
  }

  #act(): void {
    const { scheduler, plan } = this.#options
    const ledger = this.#options.ledger()
    if (ledger !== this.#ledger) {
      if (this.#ledger !== undefined && !plan.followsRestart) return
      if (ledger !== undefined) this.#enter(ledger)
    }
    if (ledger === undefined) {
      this.#again(LOOK_MS)
      return
    }
    if (this.#options.isSuspended()) {
      this.#sinceMs += SUSPENDED_LOOK_MS
      this.#again(SUSPENDED_LOOK_MS)
      return
    }
    const step = balloonStep(plan, scheduler.nowMs - this.#sinceMs)
    this.#setHeld(ledger, step.heldBytes)
    if (step.nextInMs !== undefined) this.#again(step.nextInMs)
    else if (plan.followsRestart && plan.shape === 'leak') this.#again(LOOK_MS)
  }

  #enter(ledger: MemoryLedger): void {
    this.#ledger = ledger
    this.#sinceMs = this.#options.scheduler.nowMs
    this.#heldBytes = 0
  }

  #setHeld(ledger: MemoryLedger, heldBytes: number): void {
    const byBytes = heldBytes - this.#heldBytes
    if (byBytes === 0) return
    this.#heldBytes = heldBytes
    this.#hasStruck = true
    ledger.adjustBalloon(this.#options.plan.kind, byBytes)
    this.#options.onStep()
  }

  #again(delayMs: number): void {
    this.#event = this.#options.scheduler.schedule('balloon', delayMs, () => this.#act())
  }
}
