/**
 * Negative control: a gateway that connects anew the moment a connection ends, whatever the reason, and keeps only
 * its credentials in the database. After a restart it is still linked and has none of its Signal keys: what people
 * send it in the sessions that they have cannot be read.
 */

import { makeWASocket } from '@whiskeysockets/baileys'
import { databaseAuth } from './database-auth.ts'
import { answerPings, log, serveHealth, SILENT, silenceConsole } from './pong.ts'

silenceConsole()
const auth = await databaseAuth(process.env['DATABASE_URL'] ?? '', 'creds')
let isOpen = false
serveHealth(() => ({ status: isOpen ? 'open' : 'connecting' }))
connect()

function connect(): void {
  const socket = makeWASocket({ auth: auth.state, logger: SILENT, markOnlineOnConnect: false })
  socket.ev.on('creds.update', () => void auth.saveCreds().catch(() => log('gateway.creds-not-saved')))
  socket.ev.on('messages.upsert', ({ messages }) => void answerPings(socket, messages))
  socket.ev.on('connection.update', ({ connection, lastDisconnect }) => {
    isOpen = connection === 'open' || (isOpen && connection === undefined)
    if (connection === 'open') log('gateway.open')
    if (connection !== 'close') return
    log('gateway.closed', { reason: lastDisconnect?.error?.message })
    connect()
  })
}

// One corrupt frame rejects unhandled inside Baileys and would end the process.
process.on('unhandledRejection', (error) => log('gateway.swallowed', { reason: String(error) }))
