/**
 * The two questions that a connection is asked: the cheap one of the protocol, and the probe, which goes the way
 * of messages. The probe is a peer message to our own phone, asking it to send again an empty list of messages:
 * peer messages belong to no chat, and phones answer an empty request with nothing. The server's acknowledgement
 * proves that our messages are taken and confirmed on this connection; that our own intake is not stuck is the
 * asker's matter. It does not prove that others' messages are passed on to us. The phone's receipt, which comes the
 * way that they do, comes nearest to that: it is heard as the phone's sign (baileys-phone.ts).
 */

import { generateMessageIDV2, jidNormalizedUser, proto } from '@whiskeysockets/baileys'
import type { WASocket } from '@whiskeysockets/baileys'
import { AppError } from '../errors.ts'
import { refusalCodeOf } from './baileys-close-report.ts'
import { askServer } from './baileys-query.ts'

/** A refusal is an answer, too. @throws AppError `timed-out`; else Baileys' error */
export async function askPing(sock: WASocket, timeoutMs: number): Promise<void> {
  try {
    await askServer(sock, { type: 'get', xmlns: 'w:p', tag: 'ping' }, timeoutMs)
  } catch (error) {
    if (refusalCodeOf(error) === undefined) throw error
  }
}

/** Resolves when the probe's acknowledgement, for which `awaitAck` listens, has come. */
export async function askProbe(
  sock: WASocket,
  awaitAck: (messageId: string) => Promise<void>,
): Promise<void> {
  const me = sock.authState.creds.me?.id
  if (me === undefined) throw new AppError('socket-closed', 'not logged in')
  const messageId = generateMessageIDV2(me)
  const acked = awaitAck(messageId)
  const nothingAgain: proto.IMessage = {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.PEER_DATA_OPERATION_REQUEST_MESSAGE,
      peerDataOperationRequestMessage: {
        peerDataOperationRequestType: proto.Message.PeerDataOperationRequestType.PLACEHOLDER_MESSAGE_RESEND,
        placeholderMessageResendRequest: [],
      },
    },
  }
  await sock.relayMessage(jidNormalizedUser(me), nothingAgain, {
    messageId,
    additionalAttributes: { category: 'peer' },
    additionalNodes: [{ tag: 'meta', attrs: { appdata: 'default' } }],
  })
  await acked
}
