/** A phone's answer to its linked device: what it has, and only to its own. */

import { proto } from '@whiskeysockets/baileys'
import { describe, expect, it } from 'vitest'
import type { ReceivedMessage } from '../../../../sim/whatsapp/people/inbox.ts'
import { resendAnswer } from '../../../../sim/whatsapp/people/resend-answer.ts'

const KEY = { id: '3A01', remoteJid: '120363@g.us', participant: '77@lid', fromMe: false }

function received(changes: Partial<ReceivedMessage>): ReceivedMessage {
  return {
    id: '3A01',
    chat: '120363@g.us',
    from: '492',
    fromDevice: 0,
    isOwn: false,
    kind: 'conversation',
    text: 'hello',
    content: { conversation: 'hello' },
    atMs: 1_700_000_000_999,
    openedBy: [0],
    ...changes,
  }
}

function question(ids: readonly string[], changes: Partial<ReceivedMessage> = {}): ReceivedMessage {
  const placeholderMessageResendRequest = ids.map((id) => ({ messageKey: { ...KEY, id } }))
  const content = {
    protocolMessage: { peerDataOperationRequestMessage: { placeholderMessageResendRequest } },
  }
  return received({ id: 'Q', isOwn: true, content, ...changes })
}

describe('what a phone sends again', () => {
  it('is what it has of that which was asked for, under the key of the question', () => {
    const answer = resendAnswer(question(['3A00', '3A01']), [received({})])
    const response = answer?.protocolMessage?.peerDataOperationRequestResponseMessage
    expect(response?.stanzaId).toBe('Q')
    const found = response?.peerDataOperationResult?.map(({ placeholderMessageResendResponse }) =>
      proto.WebMessageInfo.decode(placeholderMessageResendResponse?.webMessageInfoBytes ?? new Uint8Array()),
    )
    expect(found).toMatchObject([{ key: KEY, message: { conversation: 'hello' } }])
    expect(found?.map(({ messageTimestamp }) => Number(messageTimestamp))).toEqual([1_700_000_000])
  })

  it.each([
    ['an empty question', question([])],
    ['what it never had', question(['3A00'])],
    ['a question of somebody else', question(['3A01'], { isOwn: false })],
    ['what is no question', received({ isOwn: true })],
  ])('is nothing for %s', (_what, asked) => {
    expect(resendAnswer(asked, [received({})])).toBeUndefined()
  })
})
