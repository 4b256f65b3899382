/**
 * The messages' part of the composition: inbox, outbox and retention over one journal. Owns who tells whom: an
 * answer goes from the inbox to the outbox, what the outbox settled is the retention's to count.
 */

import { inboxSettings, outboxSettings, retentionSettings } from './bot-settings.ts'
import type { BotOptions } from './bot-ports.ts'
import { Inbox } from './messages/inbox.ts'
import { newMessageId } from './messages/message-id.ts'
import { Outbox } from './messages/outbox.ts'
import { Retention } from './messages/retention.ts'
import { createRegistry } from './plugins/builtin/essential-commands.ts'
import type { Clock } from './ports/clock.ts'
import type { Logger } from './ports/logger.ts'
import type { MessageJournal } from './ports/message-journal.ts'
import type { SecureRandom } from './ports/secure-random.ts'
import type { OutgoingMessage } from './ports/whatsapp-socket.ts'

export interface BotMessagesDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly secureRandom: SecureRandom
  /** Repeats what a passing failure of the database prevented. */
  readonly journal: MessageJournal
  readonly options: BotOptions
  /** The lease's epoch; undefined without a proven lease. */
  epoch(): number | undefined
  send(message: OutgoingMessage): Promise<void>
  isUsable(): boolean
  isHeavyWorkAllowed(): boolean
}

export interface BotMessages {
  readonly inbox: Inbox
  readonly outbox: Outbox
  readonly retention: Retention
}

export function createBotMessages(deps: BotMessagesDeps): BotMessages {
  const { clock, logger, secureRandom, journal, options } = deps
  const { config } = options
  const common = { clock, logger, journal, epoch: () => deps.epoch() }
  const retention = new Retention({ ...common, settings: retentionSettings(config) })
  const outbox = new Outbox({
    ...common,
    settings: outboxSettings(config),
    send: (message) => deps.send(message),
    isUsable: () => deps.isUsable(),
    onSettled: (reply) => retention.noteSettled(reply),
  })
  const inbox = new Inbox({
    ...common,
    settings: inboxSettings(config),
    registry: createRegistry(options.handlers),
    outbox,
    newMessageId: () => newMessageId(secureRandom),
    isHeavyWorkAllowed: () => deps.isHeavyWorkAllowed(),
  })
  return { inbox, outbox, retention }
}
