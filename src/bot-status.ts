/** How the bot is, for health, metrics and pages. */

import type { SessionTrouble } from './bot-session.ts'
import type { WatchReport } from './bot-watch.ts'
import type { ConnectionStatus } from './connection/connection-keeper.ts'
import type { MemoryReport } from './memory/memory-manager.ts'
import type { PhoneReport } from './connection/phone-watch.ts'
import type { LeaseStanding } from './session/lease.ts'
import type { StepReport } from './startup/step-progress.ts'

export interface BotStatus extends WatchReport {
  readonly connection: ConnectionStatus
  readonly lease: LeaseStanding
  readonly memory: MemoryReport
  readonly steps: readonly StepReport[]
  /** Why the stored session cannot be used until the owner acts; undefined when it can, or is not known yet. */
  readonly sessionTrouble?: SessionTrouble | undefined
  /** Of the account's phone; undefined before the first connection. */
  readonly phone?: PhoneReport | undefined
  readonly queuedCommands: number
  readonly pendingReplies: number
}
