/**
 * A memory balloon in a real process: follows the same plan as the ledger's (ledger-balloon.ts) in real time,
 * inside the process that lives when it acts. A process that takes its place starts without it, unless the
 * plan says that the leak is in the code.
 */

import { balloonStep } from '../balloon-plan.ts'
import type { BalloonCurve } from '../balloon-plan.ts'
import type { BalloonAgent } from './balloon-client.ts'
import type { RealBalloonKind } from './balloon-protocol.ts'

/** The ledger's plan with any kind that a real process knows. */
export interface RealBalloonPlan extends BalloonCurve {
  readonly kind: RealBalloonKind
}

export interface RealBalloonOptions {
  readonly plan: RealBalloonPlan
  /** The process to inflate now; undefined between two. */
  agent(): BalloonAgent | undefined
}

/** How often it looks for a process to act in; shorter than the ledger's, as a real bot is back in a second. */
const LOOK_MS = 500

export class RealBalloon {
  readonly #options: RealBalloonOptions
  #agent: BalloonAgent | undefined
  #sinceMs = 0
  #wantedBytes = 0
  #heldBytes = 0
  #peakBytes = 0
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  #lastHold: Promise<void> = Promise.resolve()
  readonly #done = Promise.withResolvers<void>()

  constructor(options: RealBalloonOptions) {
    this.#options = options
  }

  /** Whether any process has really been inflated. */
  get hasStruck(): boolean {
    return this.#peakBytes > 0
  }

  /** As the agent last confirmed. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** The most that any process confirmed. */
  get peakBytes(): number {
    return this.#peakBytes
  }

  /** Resolves when the plan has nothing more to do and the agent has done it, or at `stop`. */
  get done(): Promise<void> {
    return this.#done.promise
  }

  start(): void {
    this.#act()
  }

  /** Acts no more; what is held stays held. May be called twice. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#done.resolve()
  }

  #act(): void {
    const { plan } = this.#options
    const agent = this.#options.agent()
    if (agent !== this.#agent) {
      if (this.#agent !== undefined && !plan.followsRestart) {
        this.stop()
        return
      }
      if (agent !== undefined) this.#enter(agent)
    }
    if (agent === undefined) {
      this.#again(LOOK_MS)
      return
    }
    const step = balloonStep(plan, Math.round(performance.now() - this.#sinceMs))
    this.#hold(agent, step.heldBytes)
    if (step.nextInMs !== undefined) this.#again(step.nextInMs)
    // A leak that is in the code waits for the next process; any other lasts as long as its process.
    else if (plan.followsRestart && plan.shape === 'leak') this.#again(LOOK_MS)
    else void this.#lastHold.then(() => this.#done.resolve())
  }

  #enter(agent: BalloonAgent): void {
    this.#agent = agent
    this.#sinceMs = performance.now()
    this.#wantedBytes = 0
    this.#heldBytes = 0
  }

  /** The agent spreads each step over time by the plan's rate. */
  #hold(agent: BalloonAgent, bytes: number): void {
    if (bytes === this.#wantedBytes) return
    this.#wantedBytes = bytes
    const { kind, bytesPerSecond } = this.#options.plan
    this.#lastHold = agent.hold(kind, bytes, bytesPerSecond).then(
      ({ heldBytes }) => {
        if (agent !== this.#agent) return
        this.#heldBytes = heldBytes
        this.#peakBytes = Math.max(this.#peakBytes, heldBytes)
      },
      // It has ended; the next look finds out.
      () => undefined,
    )
  }

  #again(delayMs: number): void {
    if (!this.#isStopped) this.#timer = setTimeout(() => this.#act(), delayMs)
  }
}
