/**
 * Where the demonstration plays: a Postgres of its own, a WhatsApp on loopback, a phone, its friends, and one bot
 * process at a time. Everything is handed to a lifetime as it is opened, so that nothing is left behind.
 */

import type { PostgresServer } from '../postgres/postgres-server.ts'
import { startPostgres } from '../postgres/provider.ts'
import type { Lifetime } from '../cli/lifetime.ts'
import { startFakeWhatsApp } from '../whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../whatsapp/fake-whatsapp.ts'
import type { Account } from '../whatsapp/people/account.ts'
import type { Contact } from '../whatsapp/people/contact.ts'
import type { Group } from '../whatsapp/people/group.ts'
import { BotChild } from './bot-child.ts'

export interface Stage {
  readonly postgres: PostgresServer
  readonly whatsapp: FakeWhatsApp
  readonly account: Account
  readonly anna: Contact
  readonly ben: Contact
  readonly friends: Group
  readonly boot: () => BotChild
}

/** @throws InfrastructureError when there is no Postgres to be had */
export async function openStage(lifetime: Lifetime): Promise<Stage> {
  const opening = startPostgres({ kind: 'embedded', say: () => undefined })
  lifetime.own(async () => (await opening).stop())
  const postgres = await lifetime.unlessInterrupted(opening)
  const { url: databaseUrl } = await postgres.createDatabase()
  const whatsapp = await startFakeWhatsApp()
  lifetime.own(() => whatsapp.close())
  const account = whatsapp.addAccount({ name: 'Owner' })
  const anna = whatsapp.addContact({ name: 'Anna' })
  const ben = whatsapp.addContact({ name: 'Ben', devices: 2, addressing: 'lid' })
  const friends = whatsapp.addGroup({ subject: 'Friends', participants: [anna, ben, account] })
  const boot = (): BotChild => {
    const bot = new BotChild({ databaseUrl, whatsappUrl: whatsapp.url })
    lifetime.own(async () => {
      if (!bot.hasEnded) await bot.signal('SIGKILL')
    })
    return bot
  }
  return { postgres, whatsapp, account, anna, ben, friends, boot }
}
