/** What the bot is given: the world as ports, and what one process of it has to know about itself. */

import type { Config } from './config.ts'
import type { PluginPorts } from './bot-plugins.ts'
import type { CommandHandler } from './plugins/plugin.ts'
import type { Clock } from './ports/clock.ts'
import type { Exit } from './ports/exit.ts'
import type { HeapWriter } from './ports/heap-writer.ts'
import type { Logger } from './ports/logger.ts'
import type { MemoryProbe } from './ports/memory-probe.ts'
import type { MessageJournal } from './ports/message-journal.ts'
import type { RandomSource } from './ports/random.ts'
import type { Reclaimer } from './ports/reclaimer.ts'
import type { SecureRandom } from './ports/secure-random.ts'
import type { SessionStore } from './ports/session-store.ts'
import type { WhatsappConnector } from './ports/whatsapp-socket.ts'
import type { SessionArchive } from './session/session-archive.ts'

export interface BotPorts {
  /** Brings the database to this release's schema; repeated until it succeeds. Left out where it is always ready. */
  readonly prepareStore?: () => Promise<unknown>
  readonly clock: Clock
  readonly random: RandomSource
  readonly secureRandom: SecureRandom
  readonly logger: Logger
  readonly sessionStore: SessionStore
  readonly messageJournal: MessageJournal
  readonly memoryProbe: MemoryProbe
  /** What the adapters can give back; the bot adds its own. */
  readonly reclaimers: readonly Reclaimer[]
  /**
   * A session brought from elsewhere, read only when there is none here; left out where none was given.
   * @throws AppError `archive-invalid`, `archive-locked`
   */
  readSessionImport?(): SessionArchive | undefined
  /** Left out where no heap snapshot can be written. */
  readonly heapWriter?: HeapWriter
  /** Left out where there are no plugins. */
  readonly plugins?: PluginPorts
  readonly connector: WhatsappConnector
  readonly exit: Exit
}

export interface BotOptions {
  /** UUID of the dyno boot; a new bot process of the same boot takes the session over at once. */
  readonly owner: string
  readonly config: Config
  /** Memory limit as the container tells it, bytes; undefined where it does not. */
  readonly containerLimitBytes: number | undefined
  /** Memory of the whole machine, bytes: what a sane limit stays below. */
  readonly totalMemoryBytes: number
  /** Commands beside the built-in ones. */
  readonly handlers: readonly CommandHandler[]
  /** Something has changed that others want to know soon: connection, lease, end of the start-up. */
  onNews(): void
}
