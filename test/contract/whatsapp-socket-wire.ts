/** The adapter on real Baileys, over the fake WhatsApp on the wire, for the contract of sockets. */

import type { AuthenticationCreds } from '@whiskeysockets/baileys'
import { setTimeout as delay } from 'node:timers/promises'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { Fault } from '../../sim/whatsapp/faults/fault.ts'
import { WireBot } from '../support/wire-bot.ts'
import type { OpenEnd, SocketWorld } from './whatsapp-socket.contract.ts'

const POLL_MS = 5
const PATIENCE_MS = 10_000
/** Loopback answers within milliseconds. */
const SETTLE_MS = 150

const END_FAULTS: Readonly<Record<Exclude<OpenEnd, 'unlinked'>, Fault>> = {
  'transport-closed': { kind: 'close', how: 'terminate' },
  restart: { kind: 'stream-error', code: 515 },
  conflict: { kind: 'stream-error', child: 'conflict-replaced' },
  unavailable: { kind: 'stream-error', code: 503 },
  'stream-error': { kind: 'stream-error', child: 'ack' },
}

export async function wireWorld(): Promise<SocketWorld> {
  const whatsapp = await startFakeWhatsApp()
  const account = whatsapp.addAccount()
  const contact = whatsapp.addContact()
  const bot = new WireBot({ url: whatsapp.url })
  const other = new WireBot({ url: whatsapp.url })
  return {
    link: () => bot.store(account.linkedDevice().creds),
    connect: async (given) => {
      // A connection on the session of one that is just ending would be told of a conflict.
      await whatsapp.idle()
      return bot.connect(given)
    },
    scan: async (qr) => {
      await account.scanQr(qr)
    },
    contact: contact.jid,
    say: async (text) => {
      await contact.say(text, { to: account })
    },
    heard: () => contact.inbox.messages.map(({ text }) => text ?? ''),
    phone: (is) => {
      account.habits.confirmsOwn = is === 'on'
    },
    ownerSays: async (text, on) => {
      if (on === 'phone') await account.say(text, { to: contact })
      else await sayOn(other, { text, chat: contact.jid, creds: account.linkedDevice().creds })
    },
    nowMs: () => Date.now(),
    unacked: () => account.linkedDevices.flatMap(({ mailbox }) => mailbox.waiting()).filter(isMessage).length,
    endOpen: async (how) => {
      const [device] = account.linkedDevices
      if (how !== 'unlinked') await whatsapp.inject(END_FAULTS[how])
      else if (device !== undefined) account.removeDevice(device)
    },
    refuseLogins: async (how) => {
      await whatsapp.inject(
        how === 'tcp-refused' ? { kind: 'refuse' } : { kind: 'login-failure', reason: how },
      )
    },
    refuseMessages: async (code) => {
      await whatsapp.inject({ kind: 'ack-error', code })
    },
    deafen: async (how) => {
      await whatsapp.inject({ kind: 'deaf', endsWithConnection: true, isMute: how === 'mute' })
    },
    blackHole: async () => {
      await whatsapp.inject({ kind: 'black-hole' })
    },
    keyWrites: (how) => (bot.keyWrites = how),
    until: async (what, holds) => {
      for (let waitedMs = 0; !holds(); waitedMs += POLL_MS) {
        if (waitedMs > PATIENCE_MS) throw new Error(`not ${what} within ${PATIENCE_MS} ms`)
        await delay(POLL_MS)
      }
    },
    settle: () => delay(SETTLE_MS),
    close: async () => {
      await Promise.all([bot.end(), other.end()])
      await whatsapp.close()
    },
  }
}

/** Another device of the account, played by a real client as the bot is, comes on line and writes. */
async function sayOn(
  other: WireBot,
  message: { readonly text: string; readonly chat: string; readonly creds: AuthenticationCreds },
): Promise<void> {
  await other.store(message.creds)
  const opened = Promise.withResolvers<void>()
  const socket = await other.connect({
    accept: () => Promise.resolve(),
    onEvent: ({ type }) => {
      if (type === 'open') opened.resolve()
      if (type === 'close') opened.reject(new Error('the other device was refused'))
    },
  })
  await opened.promise
  await socket.send({ id: '3EB0D1', chat: message.chat, text: message.text })
}

function isMessage({ stanza }: { readonly stanza: { readonly tag: string } }): boolean {
  return stanza.tag === 'message'
}
