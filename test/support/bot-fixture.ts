/** Real bot processes over a fake WhatsApp and a database of their own; a test leaves none of them behind. */

import { afterAll, afterEach, beforeAll } from 'vitest'
import { BotChild } from '../../sim/demo/bot-child.ts'
import { storeLinkedSession } from '../../sim/postgres/linked-session.ts'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { LinkedAuthOptions } from '../../sim/whatsapp/people/linked-auth.ts'
import type { Account } from '../../sim/whatsapp/people/account.ts'
import { COMPILE_CACHE } from './compile-cache.ts'
import { testDatabase } from './database.ts'
import { RecordingLogger } from './recording-logger.ts'

export interface BotFixture {
  readonly whatsapp: FakeWhatsApp
  /** A bot process; all of a test's have the same session, another test has another. */
  readonly boot: (settings?: Readonly<Record<string, string>>) => BotChild
  /** Links the session to the account without any pairing: its credentials are in the database before the boot. */
  readonly link: (account: Account, options?: LinkedAuthOptions) => Promise<void>
  readonly sessionId: string
  readonly databaseUrl: string
}

let sessions = 0

/** To be called in a `describe`: one database for all of its tests, one fake WhatsApp and session for each. */
export function botFixture(): () => Promise<BotFixture> {
  let databaseUrl: string
  const children: BotChild[] = []
  const servers: FakeWhatsApp[] = []
  beforeAll(async () => {
    databaseUrl = await testDatabase()
  })
  afterEach(endAll)
  afterAll(endAll)
  return async () => {
    const whatsapp = await startFakeWhatsApp()
    servers.push(whatsapp)
    const sessionId = `bot-${(sessions += 1)}`
    const boot: BotFixture['boot'] = (settings = {}) => {
      const child = new BotChild({
        databaseUrl,
        whatsappUrl: whatsapp.url,
        settings: { SESSION_ID: sessionId, ...COMPILE_CACHE, ...QUICK, ...settings },
      })
      children.push(child)
      return child
    }
    const link: BotFixture['link'] = (account, options) =>
      storeLinkedSession(
        { databaseUrl, sessionId, logger: new RecordingLogger() },
        account.linkedDevice(options).creds,
      )
    return { whatsapp, boot, link, sessionId, databaseUrl }
  }

  async function endAll(): Promise<void> {
    await Promise.all(children.splice(0).map((child) => child.signal('SIGKILL')))
    await Promise.all(servers.splice(0).map((server) => server.close()))
  }
}

/** Short waits: a crash then costs a second instead of a minute. */
const QUICK = {
  SEND_GAP_MS: '0',
  LEASE_DURATION_MS: '2000',
  LEASE_RENEW_INTERVAL_MS: '500',
  LEASE_MARGIN_MS: '500',
  LEASE_POLL_INTERVAL_MS: '250',
  RECONNECT_BACKOFF_BASE_MS: '500',
  RECONNECT_BACKOFF_CAP_MS: '1000',
  RECONNECT_STABLE_UPTIME_MS: '1000',
  RECONNECT_WINDOW_MS: '10000',
  RECONNECT_MAX_ATTEMPTS_PER_WINDOW: '100',
}
