/**
 * Makes a login active where Baileys did not: it reports a connection as open although one of its first queries, maybe
 * the one for activity, was refused or left unanswered, and over a passive connection nothing is delivered. Which one
 * it was cannot be told from outside, so after any that failed the question is put again.
 */

import type { WASocket } from '@whiskeysockets/baileys'
import { askServer } from './baileys-query.ts'

/** @throws AppError `timed-out`; else Baileys' error, of a refusal too */
export function askActive(sock: WASocket, timeoutMs: number): Promise<void> {
  return askServer(sock, { type: 'set', xmlns: 'passive', tag: 'active' }, timeoutMs)
}
