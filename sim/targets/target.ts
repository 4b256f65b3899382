/**
 * A bot that the lab can put into a virtual dyno. Ours is one; the others are there to fail: a claim counts
 * only when a bot that is wrong in the right place breaks it.
 */

import type { BotPorts } from '../../src/bot-ports.ts'
import type { Config } from '../../src/config.ts'

export interface TargetContext {
  readonly ports: BotPorts
  readonly config: Config
  /** UUID of the dyno boot. */
  readonly owner: string
  /** Tells Heroku that `$PORT` is bound. */
  bindPort(): void
}

export interface RunningTarget {
  /** SIGTERM has arrived; may happen twice. */
  terminate(): void
}

export interface Target {
  readonly name: string
  /** True when something inside the dyno starts the process again after it ended, so the dyno lives on. */
  readonly hasSupervisor: boolean
  /** `plain` sends a ciphertext before its ratchet step is committed, as Baileys does by itself. */
  readonly adapter: 'sound' | 'plain'
  start(context: TargetContext): RunningTarget
}
