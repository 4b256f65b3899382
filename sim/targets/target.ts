/**
 * A bot that the lab can put into a virtual dyno. Ours is one; the others are there to fail: a claim counts
 * only when a bot that is wrong in the right place breaks it.
 */

import type { BotPorts } from '../../src/bot-ports.ts'
import type { Config } from '../../src/config.ts'
import type { ParentProcess } from '../../src/ports/child-process.ts'
import type { RandomSource } from '../../src/ports/random.ts'
import type { SupervisorDeps } from '../../src/supervisor/supervisor.ts'

export interface TargetContext {
  readonly ports: BotPorts
  readonly config: Config
  /** UUID of the dyno boot. */
  readonly owner: string
  /** Undefined where the bot is the dyno's only process. */
  readonly parent: ParentProcess | undefined
  /** Tells Heroku that `$PORT` is bound; where there is a supervisor, that has done it. */
  bindPort(): void
}

export interface RunningTarget {
  /** SIGTERM has arrived; may happen twice. */
  terminate(): void
}

export type SupervisorPorts = Pick<
  SupervisorDeps,
  'clock' | 'logger' | 'spawner' | 'memoryProbe' | 'exit'
> & {
  readonly random: RandomSource
}

export interface SupervisorContext {
  readonly ports: SupervisorPorts
  readonly config: Config
  /** UUID of the dyno boot. */
  readonly owner: string
}

export type SupervisorStart = (context: SupervisorContext) => RunningTarget

export interface Target {
  readonly name: string
  /** What runs as the dyno's first process and starts the bot; undefined: the bot is the only one. */
  readonly startSupervisor: SupervisorStart | undefined
  /** `plain` sends a ciphertext before its ratchet step is committed, as Baileys does by itself. */
  readonly adapter: 'sound' | 'plain'
  start(context: TargetContext): RunningTarget
}
