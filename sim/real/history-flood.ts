/** A phone's old chats, made up: as many and as long as the fault says. */

import type { Conversation } from '../whatsapp/people/history.ts'
import type { RealFaultOf } from '../faults/real-fault.ts'

const FIRST_SECOND = 1_700_000_000
/** About as long as a chat message is. */
const TEXT = 'an old message, as people write them all day long, of no use to anybody any more'

export function historyOf({ chats, messagesEach }: RealFaultOf<'history-flood'>): Conversation[] {
  return Array.from({ length: chats }, (_, chat) => ({
    jid: `1556${String(chat).padStart(7, '0')}@s.whatsapp.net`,
    messages: Array.from({ length: messagesEach }, (_unused, index) => ({
      id: `OLD${chat}-${index}`,
      text: `${TEXT} ${index}`,
      fromMe: index % 2 === 0,
      atS: FIRST_SECOND + index,
    })),
  }))
}
