/**
 * What runs inside a simulated dyno, as the dyno sees it, and what it sees of the dyno. The world
 * implements the program with the target's processes; the dyno knows none of them by name.
 */

import type { DynoClock } from '../world/dyno-clock.ts'
import type { MemoryUse } from './memory-verdict.ts'

export interface DynoProgram {
  /** Starts the dyno's processes. Called once a boot. */
  start(context: DynoContext): RunningProgram
}

export interface RunningProgram {
  /** SIGTERM reaches its processes; may be called twice. */
  terminate(): void
  /** SIGKILL of everything; also called to sweep up after the first process has ended. */
  kill(): void
  /** Suspends all processes until `resume`. */
  hang(): void
  resume(): void
  /** Bytes of all its processes together. Cheap: asked at each sample and at each step of a balloon. */
  memoryBytes(): MemoryUse
}

export interface DynoContext {
  /** Unique per boot, e.g. `web.1#3`; Heroku itself gives every boot the name `web.1`. */
  readonly dynoId: string
  readonly bootUuid: string
  readonly clock: DynoClock
  /** Extra delay of each timer while the CPU is starved; 0 normally. */
  timerDelayMs(): number
  /** The web port is bound: the dyno is up. */
  bindPort(): void
  /** The dyno's first process has ended. It takes effect in an event of its own, at the same time. */
  exited(status: number): void
}
