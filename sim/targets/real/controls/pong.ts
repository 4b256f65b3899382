/** What the negative controls have in common: a health page, a log, and `pong N` for `.ping N`. */

import express from 'express'
import type { WAMessage, WASocket } from '@whiskeysockets/baileys'

/** Baileys logs into it; libsignal prints whole sessions, private keys included, to the console. */
export const SILENT = {
  level: 'silent',
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => SILENT,
}

export function silenceConsole(): void {
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) console[method] = ignore
}

export function log(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ time: Date.now(), event, ...fields })}\n`)
}

/** Binds $PORT: a web dyno that does not is ended after 60 s. */
export function serveHealth(health: () => object): void {
  const app = express()
  app.get('/health', (_request, response) => void response.json(health()))
  app.listen(Number(process.env['PORT'] ?? 0), '0.0.0.0')
}

/** Answers each command among the messages, in the chat it came from. */
export async function answerPings(socket: WASocket, messages: readonly WAMessage[]): Promise<void> {
  for (const { key, message } of messages) {
    const text = message?.conversation ?? message?.extendedTextMessage?.text ?? ''
    if (key.fromMe === true || typeof key.remoteJid !== 'string' || !text.startsWith('.ping')) continue
    try {
      await socket.sendMessage(key.remoteJid, { text: text.replace('.ping', 'pong') })
    } catch (error) {
      log('control.not-sent', { reason: String(error) })
    }
  }
}

function ignore(): void {
  // Silent on purpose.
}
