/**
 * What a test on the fake WhatsApp costs: a server of its own, a linked device on unmodified Baileys, one
 * command and its answer, everything closed again; a hundred of them side by side in one process.
 */

import { makeWASocket } from '@whiskeysockets/baileys'
import pino from 'pino'
import { startFakeWhatsApp } from '../sim/whatsapp/fake-whatsapp.ts'
import { silenceLibraryConsole } from '../src/adapters/baileys-console.ts'
import type { Figure } from './figure.ts'

const SIDE_BY_SIDE = 100
const ANSWER_WITHIN_MS = 60_000
const MS_PER_S = 1_000

/** @returns tests a second, which is what the goal of a hundred in ten seconds asks for */
export async function measureIsolatedTests(rounds: number): Promise<Figure[]> {
  silenceLibraryConsole()
  // The first brings in what is loaded late.
  await oneTest()
  const together: number[] = []
  const alone: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    together.push(
      await testsPerSecond(() => Promise.all(Array.from({ length: SIDE_BY_SIDE }, oneTest)), SIDE_BY_SIDE),
    )
    alone.push(await testsPerSecond(oneTest, 1))
  }
  return [
    { name: `isolated tests, ${SIDE_BY_SIDE} side by side`, unit: 'tests/s', rounds: together, goal: 10 },
    { name: 'isolated tests, one alone', unit: 'tests/s', rounds: alone, goal: undefined },
  ]
}

async function testsPerSecond(run: () => Promise<unknown>, count: number): Promise<number> {
  const fromMs = performance.now()
  await run()
  return count / ((performance.now() - fromMs) / MS_PER_S)
}

/** @throws Error when the bot does not answer */
async function oneTest(): Promise<void> {
  const whatsApp = await startFakeWhatsApp()
  const owner = whatsApp.addAccount()
  const ada = whatsApp.addContact()
  const socket = makeWASocket({
    auth: owner.linkedDevice().auth,
    waWebSocketUrl: whatsApp.url,
    logger: pino({ level: 'silent' }),
  })
  socket.ev.on('messages.upsert', ({ messages }) => {
    for (const { key, message } of messages) {
      if (message?.conversation !== '.ping') continue
      void socket.sendMessage(key.remoteJid ?? '', { text: 'pong' })
    }
  })
  await ada.say('.ping', { to: owner })
  await ada.inbox.waitFor('pong', { timeoutMs: ANSWER_WITHIN_MS })
  await socket.end(undefined)
  await whatsApp.close()
}
