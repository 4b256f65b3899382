/** A command's identity, as the journal takes it and as one string for maps. */

import type { InboundKey } from '../ports/message-journal.ts'

export function keyOf({ chat, participant, id }: InboundKey): string {
  // No jid holds a blank, so two identities cannot make one string.
  return `${chat} ${participant} ${id}`
}

/** The identity alone, without text: what the journal is asked by. */
export function identityOf({ chat, participant, id }: InboundKey): InboundKey {
  return { chat, participant, id }
}
