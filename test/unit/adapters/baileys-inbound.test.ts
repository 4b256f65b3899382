/** What a decrypted stanza says to the bot. */

import { encodeWAMessage, proto } from '@whiskeysockets/baileys'
import type { BinaryNode } from '@whiskeysockets/baileys'
import { describe, expect, it } from 'vitest'
import { inboundMessagesOf, textOf } from '../../../src/adapters/baileys-inbound.ts'
import type { InboundMessage } from '../../../src/ports/whatsapp-socket.ts'

const ME = { id: '491:5@s.whatsapp.net', lid: '77:5@lid' }
const ANNA = '492@s.whatsapp.net'

function stanzaOf(attrs: Record<string, string>): BinaryNode {
  return {
    tag: 'message',
    attrs: { id: 'ID', from: ANNA, t: '1700000000', type: 'text', ...attrs },
    content: [],
  }
}

function read(message: proto.IMessage, attrs: Record<string, string> = {}): readonly InboundMessage[] {
  return inboundMessagesOf(stanzaOf(attrs), encodeWAMessage(message), ME)
}

describe('inboundMessagesOf', () => {
  it('reads a direct message', () => {
    expect(read({ conversation: '.ping' })).toEqual([
      {
        id: 'ID',
        chat: ANNA,
        participant: '',
        isFromMe: false,
        sentAtMs: 1_700_000_000_000,
        text: '.ping',
        kind: 'notify',
      },
    ])
  })

  it('knows a replayed message, a group and its speaker, and a chat under a LID', () => {
    expect(read({ conversation: 'x' }, { offline: '1' })).toMatchObject([{ kind: 'append' }])
    expect(read({ conversation: 'x' }, { from: '120@g.us', participant: '78:2@lid' })).toMatchObject([
      { chat: '120@g.us', participant: '78@lid', isFromMe: false },
    ])
    expect(read({ conversation: 'x' }, { from: '78@lid', sender_pn: ANNA })).toMatchObject([
      { chat: '78@lid' },
    ])
  })

  it('reads what our own phone sent to somebody', () => {
    const message = { deviceSentMessage: { destinationJid: ANNA, message: { conversation: '.ping' } } }
    expect(read(message, { from: '491@s.whatsapp.net', recipient: ANNA })).toMatchObject([
      { chat: ANNA, isFromMe: true, text: '.ping' },
    ])
  })

  it('does not believe a contact who says that we sent it', () => {
    const message = { deviceSentMessage: { destinationJid: ANNA, message: { conversation: '.ping' } } }
    expect(read(message)).toMatchObject([{ isFromMe: false, text: '' }])
  })

  it('takes what our phone gives again, and nobody else’s claim of it', () => {
    const info = proto.WebMessageInfo.encode({
      key: { id: 'OLD', remoteJid: ANNA, fromMe: false },
      message: { conversation: '.ping' },
      messageTimestamp: 1_600_000_000,
    }).finish()
    const answer = {
      protocolMessage: {
        type: proto.Message.ProtocolMessage.Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
        peerDataOperationRequestResponseMessage: {
          peerDataOperationResult: [{ placeholderMessageResendResponse: { webMessageInfoBytes: info } }],
        },
      },
    }
    expect(read(answer, { from: '491@s.whatsapp.net' })).toMatchObject([
      { id: 'OLD', chat: ANNA, text: '.ping', kind: 'append', sentAtMs: 1_600_000_000_000 },
    ])
    expect(read(answer)).toMatchObject([{ id: 'ID', text: '' }])
  })

  it.each([
    ['a status post', { from: 'status@broadcast', participant: ANNA }],
    ['a newsletter', { from: '12@newsletter' }],
  ])('passes by %s', (_case, attrs) => {
    expect(read({ conversation: 'x' }, attrs)).toEqual([])
  })

  it('passes by what only distributes keys', () => {
    expect(
      read(
        { senderKeyDistributionMessage: { groupId: '120@g.us' }, messageContextInfo: {} },
        { from: '120@g.us', participant: ANNA },
      ),
    ).toEqual([])
  })

  it('is empty for what cannot be read', () => {
    expect(inboundMessagesOf(stanzaOf({}), new Uint8Array([1, 2, 3]), ME)).toEqual([])
    expect(inboundMessagesOf(stanzaOf({ from: 'x' }), encodeWAMessage({ conversation: 'x' }), ME)).toEqual([])
  })

  it('takes an unreadable time as long ago', () => {
    expect(read({ conversation: 'x' }, { t: 'soon' })).toMatchObject([{ sentAtMs: 0 }])
  })
})

describe('textOf', () => {
  it.each([
    [{ extendedTextMessage: { text: '.a' } }, '.a'],
    [{ imageMessage: { caption: '.b' } }, '.b'],
    [{ ephemeralMessage: { message: { viewOnceMessage: { message: { conversation: '.c' } } } } }, '.c'],
    [{ documentWithCaptionMessage: { message: { documentMessage: { caption: '.d' } } } }, '.d'],
    [{ reactionMessage: { text: '.e' } }, ''],
    [{ editedMessage: { message: { protocolMessage: { editedMessage: { conversation: '.f' } } } } }, ''],
    [{}, ''],
  ])('%o', (message, text) => expect(textOf(message)).toBe(text))

  it('gives up on endless wrapping', () => {
    let message: proto.IMessage = { conversation: '.deep' }
    for (let depth = 0; depth < 6; depth += 1) message = { ephemeralMessage: { message } }
    expect(textOf(message)).toBe('')
  })
})
