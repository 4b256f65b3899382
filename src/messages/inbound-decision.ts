/**
 * What to do with an inbound message and with a remembered command: decisions only. Most messages of a busy
 * group are no commands, so `commandIn` allocates nothing for them.
 */

import type { InboundMessage } from '../ports/whatsapp-socket.ts'
import type { InboundState } from '../ports/message-journal.ts'
import type { CommandMatch, CommandTable } from '../plugins/plugin.ts'
import { isStorableId } from './message-text.ts'

/**
 * Longest command that is considered. WhatsApp's own client ends a text at 65,536 characters, so anything
 * longer was made to hurt.
 */
export const MAX_COMMAND_CHARS = 65_536

/**
 * The command to take on, or undefined when the message is to be passed by: our own, no command, older than
 * `maxAgeMs` (its author has long gone on; and marks older than that may have been pruned), or under an id that
 * cannot be stored (refusing it instead would bring it again with each connection, for ever).
 */
export function commandIn(
  message: InboundMessage,
  table: CommandTable,
  nowMs: number,
  maxAgeMs: number,
): CommandMatch | undefined {
  if (message.isFromMe || message.text.length > MAX_COMMAND_CHARS) return undefined
  const match = table.find(message.text)
  if (match === undefined || nowMs - message.sentAtMs > maxAgeMs) return undefined
  return [message.chat, message.participant, message.id].every(isStorableId) ? match : undefined
}

export type CommandStep =
  /** No handler wants it any more (a plugin was removed): handled, without a reply. */
  | { readonly kind: 'close' }
  | { readonly kind: 'say'; readonly text: 'unknown' | 'busy' }
  | { readonly kind: 'run'; readonly match: CommandMatch }

/** `state` is what the journal knew of the command before this process took it up. */
export function decideStep(
  state: InboundState,
  match: CommandMatch | undefined,
  isHeavyWorkAllowed: boolean,
): CommandStep {
  if (state === 'started') return { kind: 'say', text: 'unknown' }
  if (match === undefined) return { kind: 'close' }
  if (match.handler.isHeavy && !isHeavyWorkAllowed) return { kind: 'say', text: 'busy' }
  return { kind: 'run', match }
}
