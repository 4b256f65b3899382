/** One account with the adapter linked to it, on a fake WhatsApp of its own, and what the bot hears. */

import assert from 'node:assert/strict'
import { afterEach, vi } from 'vitest'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { Account } from '../../sim/whatsapp/people/account.ts'
import type { BaileysSettings } from '../../src/adapters/baileys-settings.ts'
import type { CloseReport, InboundMessage, WhatsappSocket } from '../../src/ports/whatsapp-socket.ts'
import { WireBot } from './wire-bot.ts'

const POLL = { timeout: 10_000, interval: 5 }

/** One connection and its events. */
export class WireLife {
  readonly socket: WhatsappSocket
  readonly accepted: InboundMessage[]
  /** All but the phone's. */
  readonly events: string[]
  readonly reports: CloseReport[]

  constructor(socket: WhatsappSocket, heard: Pick<WireLife, 'accepted' | 'events' | 'reports'>) {
    this.socket = socket
    this.accepted = heard.accepted
    this.events = heard.events
    this.reports = heard.reports
  }

  async until(event: string): Promise<void> {
    await vi.waitFor(
      () => assert(this.events.includes(event), `${event} after ${this.events.join(', ')}`),
      POLL,
    )
  }

  async accepts(text: string): Promise<void> {
    const accepted = (): boolean => this.accepted.some((message) => message.text === text)
    await vi.waitFor(() => assert(accepted(), `"${text}" was not accepted`), POLL)
  }

  async closed(): Promise<CloseReport> {
    await vi.waitFor(() => assert(this.reports.length > 0, 'not closed'), POLL)
    return this.reports[0] ?? { statusCode: undefined, message: '' }
  }
}

export interface WireScene {
  readonly whatsapp: FakeWhatsApp
  readonly account: Account
  readonly bot: WireBot
  readonly connect: (
    accept?: (message: InboundMessage) => Promise<void>,
    onQr?: (qr: string) => void,
  ) => Promise<WireLife>
  /** Connects, and waits until it is open. */
  readonly open: (accept?: (message: InboundMessage) => Promise<void>) => Promise<WireLife>
}

/** To be called in a `describe`; everything that its tests open is ended after each. */
export function wireScene(): (settings?: Partial<BaileysSettings>) => Promise<WireScene> {
  const bots: WireBot[] = []
  const servers: FakeWhatsApp[] = []
  afterEach(async () => {
    await Promise.all(bots.splice(0).map((bot) => bot.end()))
    await Promise.all(servers.splice(0).map((server) => server.close()))
  })
  return async (settings = {}) => {
    const whatsapp = await startFakeWhatsApp()
    servers.push(whatsapp)
    const account = whatsapp.addAccount()
    const bot = new WireBot({ url: whatsapp.url, settings })
    bots.push(bot)
    await bot.store(account.linkedDevice().creds)
    const connect: WireScene['connect'] = async (
      accept = () => Promise.resolve(),
      onQr = () => undefined,
    ) => {
      const heard = { accepted: [] as InboundMessage[], events: [] as string[], reports: [] as CloseReport[] }
      const socket = await bot.connect({
        accept: async (message) => {
          heard.accepted.push(message)
          await accept(message)
        },
        onEvent: (event) => {
          if (event.type === 'ack') heard.events.push(`ack ${event.messageId} ${event.errorCode ?? 'taken'}`)
          // The phone speaks when it likes, before `open`, too.
          else if (event.type !== 'phone-seen') heard.events.push(event.type)
          if (event.type === 'qr') onQr(event.text)
          if (event.type === 'close') heard.reports.push(event.report)
        },
      })
      return new WireLife(socket, heard)
    }
    const open: WireScene['open'] = async (accept) => {
      const life = await connect(accept)
      await life.until('open')
      return life
    }
    return { whatsapp, account, bot, connect, open }
  }
}
