/** What the supervisor's decisions depend on; filled in from the configuration in src/dyno-settings.ts. */

import type { MemoryGuardSettings } from './memory-guard.ts'
import type { RestartSettings } from './restart-policy.ts'
import type { WatchdogSettings } from './watchdog.ts'

export interface SupervisorSettings {
  readonly watchdog: WatchdogSettings
  readonly restart: RestartSettings
  readonly memory: MemoryGuardSettings
  readonly memoryIntervalMs: number
  /** A bot that was asked to end is killed after this; above the time that it gives itself. */
  readonly endTimeoutMs: number
  /** A killed bot whose end the system has not confirmed by then never ends. */
  readonly killTimeoutMs: number
  /** A question to the bot is answered within this time, or never. */
  readonly answerTimeoutMs: number
}
