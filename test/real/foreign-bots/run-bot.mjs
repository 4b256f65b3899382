/**
 * Somebody else's bot, as one finds them: files for its session, a QR in the terminal, a new socket after each close.
 * It knows nothing of the lab. `ways` says what this one does besides: ask for the newest version first, ask for a
 * pairing code in place of a QR, check signatures as a future Baileys may, save the pictures that it gets.
 */

import { writeFile } from 'node:fs/promises'
import libsignal from 'libsignal'

const QUIET = {
  level: 'silent',
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => QUIET,
}

export async function runBot(baileys, ways = []) {
  const { state, saveCreds } = await baileys.useMultiFileAuthState(process.env.SESSIONS ?? 'auth')
  if (ways.includes('strict')) checkSignatures(baileys)
  const version = ways.includes('newest') ? (await baileys.fetchLatestBaileysVersion()).version : undefined
  const connect = () => {
    const options = { auth: state, logger: QUIET, ...(version && { version }) }
    const socket = baileys.makeWASocket(options)
    socket.ev.on('creds.update', saveCreds)
    socket.ev.on('connection.update', ({ connection, qr, lastDisconnect }) => {
      if (qr && ways.includes('code')) {
        if (!state.creds.pairingCode) void socket.requestPairingCode(process.env.PHONE)
      } else if (qr) process.stdout.write('please scan the QR\n')
      if (connection !== 'close') return
      process.stdout.write(`closed: ${lastDisconnect?.error?.message}\n`)
      setTimeout(connect, 100)
    })
    socket.ev.on('messages.upsert', async ({ messages }) => {
      for (const message of messages) await answer(baileys, socket, message)
    })
  }
  connect()
}

async function answer(baileys, socket, received) {
  const { key, message } = received
  const text = message?.conversation ?? message?.extendedTextMessage?.text
  if (!key.fromMe && text?.startsWith('.ping'))
    await socket.sendMessage(key.remoteJid, { text: text.replace('.ping', 'pong') })
  if (message?.imageMessage) {
    const picture = await baileys.downloadMediaMessage(received, 'buffer', {})
    await writeFile('picture', picture)
    await socket.sendMessage(key.remoteJid, { text: `got ${picture.length} bytes` })
  }
}

/** Baileys' own check takes a verdict of "no" for a yes; here it is as it was meant. */
function checkSignatures({ Curve }) {
  Curve.verify = (key, message, signature) => {
    const prefixed = key.length === 32 ? Buffer.concat([Buffer.from([5]), key]) : key
    return libsignal.curve.verifySignature(prefixed, message, signature)
  }
}
