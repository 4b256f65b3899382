/**
 * Negative control: a back-off as most bots have it, doubling from one second to half a minute, that starts again
 * from one second whenever a connection opens. A server that accepts and closes at once is asked every second, for
 * ever. Its session is kept whole.
 */

import { makeWASocket } from '@whiskeysockets/baileys'
import { databaseAuth } from './database-auth.ts'
import { answerPings, log, serveHealth, SILENT, silenceConsole } from './pong.ts'

const BASE_MS = 1_000
const CAP_MS = 30_000
/** A newly linked client has to connect anew. */
const RESTART_REQUIRED = 515

silenceConsole()
const auth = await databaseAuth(process.env['DATABASE_URL'] ?? '', 'creds-and-keys')
let failures = 0
serveHealth(() => ({ failures }))
connect()

function connect(): void {
  const socket = makeWASocket({ auth: auth.state, logger: SILENT, markOnlineOnConnect: false })
  socket.ev.on('creds.update', () => void auth.saveCreds().catch(() => log('reset.creds-not-saved')))
  socket.ev.on('messages.upsert', ({ messages }) => void answerPings(socket, messages))
  socket.ev.on('connection.update', ({ connection, lastDisconnect }) => {
    if (connection === 'open') {
      log('reset.open', { failures })
      failures = 0
    }
    if (connection !== 'close') return
    const error = lastDisconnect?.error as { readonly output?: { readonly statusCode?: number } } | undefined
    const code = error?.output?.statusCode
    const delayMs = code === RESTART_REQUIRED ? 0 : Math.min(CAP_MS, BASE_MS * 2 ** failures)
    if (code !== RESTART_REQUIRED) failures += 1
    log('reset.closed', { code, delayMs })
    setTimeout(connect, delayMs)
  })
}

process.on('unhandledRejection', (error) => log('reset.swallowed', { reason: String(error) }))
