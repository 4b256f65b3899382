/**
 * The whole dyno as it runs in production, on a real Postgres and over the wire to the fake WhatsApp. Lease times
 * are production's 45 s, longer than any test here: so each reconnect below shows that nobody waited for a lease
 * to run out.
 */

import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { Account } from '../../sim/whatsapp/people/account.ts'
import { botFixture } from '../support/bot-fixture.ts'
import type { BotFixture } from '../support/bot-fixture.ts'
import { freePort } from '../../sim/free-port.ts'
import { DynoProcess, PRODUCTION_MAIN, goneFor, kill } from './support/dyno-process.ts'

const dynos: DynoProcess[] = []

async function startDyno(
  fixture: BotFixture,
  env: Readonly<Record<string, string>> = {},
): Promise<DynoProcess> {
  const dyno = await DynoProcess.start(PRODUCTION_MAIN, {
    DATABASE_URL: fixture.databaseUrl,
    WHATSAPP_URL: fixture.whatsapp.url,
    SESSION_ID: fixture.sessionId,
    HEALTH_CHECK_PORT: String(await freePort()),
    SEND_GAP_MS: '0',
    LEASE_POLL_INTERVAL_MS: '250',
    RECONNECT_BACKOFF_BASE_MS: '500',
    ...env,
  })
  dynos.push(dyno)
  return dyno
}

afterEach(async () => {
  await Promise.all(dynos.splice(0).map((dyno) => dyno.dispose()))
})

describe('the dyno', () => {
  const fixtureOf = botFixture()

  async function linked(): Promise<{ readonly fixture: BotFixture; readonly account: Account }> {
    const fixture = await fixtureOf()
    const account = fixture.whatsapp.addAccount()
    await fixture.link(account)
    return { fixture, account }
  }

  it('gives a bot that was killed a successor of the same owner, which takes the session over at once', async () => {
    const { fixture, account } = await linked()
    const anna = fixture.whatsapp.addContact()
    const dyno = await startDyno(fixture)
    await dyno.event('connection.open')
    await anna.say('.ping one', { to: account })
    await anna.inbox.waitFor('pong one')
    kill(await dyno.botPid(), 'SIGKILL')
    await anna.say('.ping two', { to: account })
    await dyno.event('connection.open', 1)
    await anna.inbox.waitFor('pong two')
    expect(anna.inbox.length).toBe(2)
    expect(dyno.events('pairing.wanted')).toEqual([])
    expect(fixture.whatsapp.truth()).toMatchObject({ unhealedFailures: 0, keyReuses: [] })
  })

  it('replaces a bot that hangs, and nobody is answered twice', async () => {
    const { fixture, account } = await linked()
    const anna = fixture.whatsapp.addContact()
    const dyno = await startDyno(fixture, { BOT_STALL_MS: '6000', HEARTBEAT_INTERVAL_MS: '500' })
    await dyno.event('connection.open')
    await anna.say('.ping one', { to: account })
    await anna.inbox.waitFor('pong one')
    kill(await dyno.botPid(), 'SIGSTOP')
    await anna.say('.ping two', { to: account })
    expect(await dyno.event('supervisor.bot-hung')).toMatchObject({ evidence: 'idle' })
    await dyno.event('connection.open', 1)
    await anna.inbox.waitFor('pong two')
    expect(anna.inbox.length).toBe(2)
    expect(fixture.whatsapp.truth()).toMatchObject({ unhealedFailures: 0, keyReuses: [] })
  })

  it('stops on SIGTERM, twice and to both, with the lease released for the dyno beside it, and no logout', async () => {
    const { fixture, account } = await linked()
    const anna = fixture.whatsapp.addContact()
    const old = await startDyno(fixture)
    await old.event('connection.open')
    // As on Heroku, the new dyno is there before the old one has gone.
    const fresh = await startDyno(fixture)
    await fresh.event('startup.ready')
    const botPid = await old.botPid()
    await anna.say('.ping one', { to: account })
    for (const pid of [old.pid, botPid, old.pid, botPid]) kill(pid, 'SIGTERM')
    expect(await old.exit()).toBe(0)
    await goneFor(botPid)
    await fresh.event('connection.open')
    await expect.poll(async () => JSON.parse((await fresh.get('/health')).body).databaseConnected).toBe(true)
    await anna.say('.ping two', { to: account })
    await anna.inbox.waitFor('pong one')
    await anna.inbox.waitFor('pong two')
    expect(anna.inbox.length).toBe(2)
    expect(account.linkedDevices).toHaveLength(1)
  })

  it('knows by /health when its phone was last heard of, and no sooner than that', async () => {
    const { fixture, account } = await linked()
    const anna = fixture.whatsapp.addContact()
    account.habits.confirmsOwn = false
    const ADMIN_TOKEN = 'open-sesame-open-sesame'
    const dyno = await startDyno(fixture, { ADMIN_TOKEN, HEARTBEAT_INTERVAL_MS: '100' })
    const phone = async (): Promise<{ silentSince?: string; overdue?: boolean } | undefined> => {
      const health = await dyno.get('/health', { authorization: `Bearer ${ADMIN_TOKEN}` })
      return JSON.parse(health.body).details.bot?.phone
    }
    await expect.poll(phone).toMatchObject({ overdue: false })
    const before = (await phone())?.silentSince ?? ''
    await anna.say('.ping one', { to: account })
    await anna.inbox.waitFor('pong one')
    expect((await phone())?.silentSince).toBe(before)
    account.habits.confirmsOwn = true
    // WhatsApp's stamps are whole seconds.
    await pause(1_000)
    await anna.say('.ping two', { to: account })
    await expect.poll(async () => ((await phone())?.silentSince ?? '') > before).toBe(true)
  })
})
