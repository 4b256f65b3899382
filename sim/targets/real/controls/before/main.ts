/**
 * Negative control: what the bot used to be, the process with the connection. Any close but a logout reloads at once,
 * and a reload closes the socket before it whose listeners are still attached: that close causes the next reload. The
 * check of the connection looks at a field that Baileys' socket has not, takes every connection for dead, and reloads
 * every sixth time. All messages are kept, in an object that the memory management takes for an array.
 *
 * BEFORE_KEEPER_EVERY_MS (30 s) and BEFORE_BACKUP_EVERY_MS (15 min) shorten a test; nothing else is adjustable.
 */

import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeWASocket, useMultiFileAuthState } from '@whiskeysockets/baileys'
import type { BaileysEventMap, WAMessage, WASocket } from '@whiskeysockets/baileys'
import { answerPings, log, SILENT, silenceConsole } from '../pong.ts'
import { backUpSession, restoreSession } from './session-backup.ts'

const KEEPER_EVERY_MS = Number(process.env['BEFORE_KEEPER_EVERY_MS'] ?? 30_000)
const BACKUP_EVERY_MS = Number(process.env['BEFORE_BACKUP_EVERY_MS'] ?? 15 * 60_000)
const RELOAD_EVERY_CHECKS = 6
const LOGGED_OUT = 401
const EXIT_DELAY_MS = 500
/** The log of its storm shows about 16 reloads a second: making a socket kept the CPU busy for so long. */
const RELOAD_MS = 60

silenceConsole()
/** Where a dyno's files are, which end with it. */
const folder = join(tmpdir(), 'session')
const databaseUrl = process.env['DATABASE_URL'] ?? ''
mkdirSync(folder, { recursive: true })
await restoreSession(databaseUrl, folder)
const { state, saveCreds } = await useMultiFileAuthState(folder)
const chats: Record<string, { messages: Record<string, WAMessage> }> = {}
let isReloading = false
let socket: WASocket = connect()
listen()
setInterval(() => void backUpSession(databaseUrl, folder), BACKUP_EVERY_MS)
let checks = 0
setInterval(checkConnection, KEEPER_EVERY_MS)
process.on('SIGTERM', () => setTimeout(() => process.exit(0), EXIT_DELAY_MS))
process.on('uncaughtException', (error) => log('before.swallowed', { reason: String(error) }))
process.on('unhandledRejection', (error) => log('before.swallowed', { reason: String(error) }))

function connect(): WASocket {
  // A query that is never answered is waited for without an end, as it was set.
  return makeWASocket({
    auth: state,
    logger: SILENT,
    syncFullHistory: true,
    defaultQueryTimeoutMs: 0,
  })
}

function listen(): void {
  // The socket before has these listeners; this one, which is asked to drop them, has none yet.
  socket.ev.off('connection.update', onConnection)
  socket.ev.off('messages.upsert', onMessages)
  socket.ev.off('creds.update', onCreds)
  socket.ev.on('connection.update', onConnection)
  socket.ev.on('messages.upsert', onMessages)
  socket.ev.on('creds.update', onCreds)
}

/** One at a time, as long as one takes. */
function reload(): void {
  if (isReloading) return
  isReloading = true
  setTimeout(() => {
    isReloading = false
    reloadNow()
  }, RELOAD_MS)
}

function reloadNow(): void {
  void Promise.resolve(socket.ws.close()).catch(() => undefined)
  socket = connect()
  listen()
}

function onConnection({ connection, lastDisconnect }: BaileysEventMap['connection.update']): void {
  if (connection === 'open') log('before.open')
  if (connection !== 'close') return
  const error = lastDisconnect?.error as { readonly output?: { readonly statusCode?: number } } | undefined
  const code = error?.output?.statusCode
  log('before.closed', { code })
  // The guard asks for a state that the socket does not tell, and lets everything pass.
  if (code !== LOGGED_OUT && readyStateOf(socket) !== 0) reload()
}

function onCreds(): void {
  void saveCreds()
}

function onMessages({ messages, type }: BaileysEventMap['messages.upsert']): void {
  for (const message of messages) {
    const { remoteJid, id } = message.key
    if (typeof remoteJid !== 'string' || typeof id !== 'string') continue
    const chat = (chats[remoteJid] ??= { messages: {} })
    chat.messages[id] = message
  }
  if (type === 'notify') void answerPings(socket, messages)
}

function checkConnection(): void {
  checks += 1
  if (readyStateOf(socket) === 1) return
  log('before.appears-closed', { checks })
  if (checks % RELOAD_EVERY_CHECKS === 0) reload()
}

/** Always undefined. */
function readyStateOf({ ws }: WASocket): unknown {
  return (ws as unknown as { readonly readyState?: number }).readyState
}
