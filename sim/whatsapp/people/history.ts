/** The history that a phone sends to a newly linked device, small enough to travel inside a message. */

import { deflateSync } from 'node:zlib'
import { proto } from '@whiskeysockets/baileys'
import type { MessageContent } from './sealed-mail.ts'

export interface Conversation {
  /** Whose chat: a person's or group's jid. */
  readonly jid: string
  readonly name?: string
  readonly messages: readonly {
    readonly id: string
    readonly text: string
    readonly fromMe?: boolean
    /** Whole seconds since 1970. */
    readonly atS: number
  }[]
}

export function historyMessage(conversations: readonly Conversation[]): MessageContent {
  const history = proto.HistorySync.encode({
    syncType: proto.HistorySync.HistorySyncType.INITIAL_BOOTSTRAP,
    conversations: conversations.map((each) => ({
      id: each.jid,
      name: each.name ?? null,
      messages: each.messages.map(({ id, text, fromMe = false, atS }) => ({
        message: {
          key: { remoteJid: each.jid, id, fromMe },
          message: { conversation: text },
          messageTimestamp: atS,
        },
      })),
    })),
  }).finish()
  return {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        syncType: proto.Message.HistorySyncType.INITIAL_BOOTSTRAP,
        chunkOrder: 1,
        progress: 100,
        initialHistBootstrapInlinePayload: deflateSync(history),
      },
    },
  }
}
