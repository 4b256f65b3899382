/**
 * A question to the server itself, by the protocol's own means. Surprising: Baileys may end one that nobody answers
 * either way, by an error or by no answer at all.
 */

import type { BinaryNode, WASocket } from '@whiskeysockets/baileys'
import { AppError } from '../errors.ts'
import { statusCodeOf } from './baileys-close-report.ts'

const SERVER = '@s.whatsapp.net'
const TIMED_OUT = 408

export interface ServerQuestion {
  readonly type: 'get' | 'set'
  readonly xmlns: string
  /** The one child that says what is asked. */
  readonly tag: string
}

/** @throws AppError `timed-out`; else Baileys' error, of a refusal too: see refusalCodeOf */
export async function askServer(
  sock: WASocket,
  { type, xmlns, tag }: ServerQuestion,
  timeoutMs: number,
): Promise<void> {
  const question: BinaryNode = {
    tag: 'iq',
    attrs: { to: SERVER, type, xmlns },
    content: [{ tag, attrs: {} }],
  }
  try {
    const answer: unknown = await sock.query(question, timeoutMs)
    if (answer !== undefined) return
  } catch (error) {
    if (statusCodeOf(error) !== TIMED_OUT) throw error
  }
  throw new AppError('timed-out', `no answer to ${tag} within ${timeoutMs} ms`)
}
