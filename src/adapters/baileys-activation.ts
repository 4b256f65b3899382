/**
 * Makes a login active where Baileys did not: it reports a connection as open although one of its first queries, maybe
 * the one for activity, was refused or left unanswered, and over a passive connection nothing is delivered. Which one
 * it was cannot be told from outside, so after any that failed the question is put again.
 */

import type { WASocket } from '@whiskeysockets/baileys'
import { AppError } from '../errors.ts'

/** @throws AppError `timed-out`; else Baileys' error, with the code of a refusal as its `data` */
export async function askActive(sock: WASocket, timeoutMs: number): Promise<void> {
  const question = {
    tag: 'iq',
    attrs: { to: '@s.whatsapp.net', type: 'set', xmlns: 'passive' },
    content: [{ tag: 'active', attrs: {} }],
  }
  // A question that timed out may also resolve, to nothing.
  const answer: unknown = await sock.query(question, timeoutMs)
  if (answer === undefined) throw new AppError('timed-out', `no answer within ${timeoutMs} ms`)
}
