/** Which message may be sent again to somebody who could not decrypt it. */

import { describe, expect, it } from 'vitest'
import { messageToResend } from '../../../src/adapters/baileys-resend.ts'
import type { SentMessage } from '../../../src/adapters/baileys-resend.ts'

const ANNA = '491@s.whatsapp.net'
const ANNA_LID = '77@lid'

function resend(
  remoteJid: string | undefined,
  sent: SentMessage | undefined,
): ReturnType<typeof messageToResend> {
  return messageToResend(
    { id: 'ID', ...(remoteJid === undefined ? {} : { remoteJid }) },
    {
      readSent: () => Promise.resolve(sent),
      lidOf: (jid) => Promise.resolve(jid === ANNA ? ANNA_LID : null),
    },
  )
}

describe('messageToResend', () => {
  const sent = { chat: ANNA, text: 'pong' }
  const again = { extendedTextMessage: { text: 'pong' } }

  it.each([ANNA, ANNA_LID, '491:3@s.whatsapp.net', '77:5@lid'])('gives it to its chat as %s', async (jid) => {
    expect(await resend(jid, sent)).toEqual(again)
  })

  it('knows a chat by its LID when it was answered under it', async () => {
    expect(await resend(ANNA, { chat: ANNA_LID, text: 'pong' })).toEqual(again)
  })

  it.each(['492@s.whatsapp.net', '78@lid', '120@g.us', undefined])('gives nothing to %s', async (jid) => {
    expect(await resend(jid, sent)).toBeUndefined()
  })

  it('gives nothing of a message that is not known', async () => {
    expect(await resend(ANNA, undefined)).toBeUndefined()
  })
})
