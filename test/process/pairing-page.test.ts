/**
 * What an owner does after the first deploy, on the real dyno: log in with the token, read the code from the page,
 * type it into the phone, and see that the bot is linked, answers, and says so to monitors.
 */

import { afterEach, expect, it } from 'vitest'
import { botFixture } from '../support/bot-fixture.ts'
import { freePort } from '../../sim/free-port.ts'
import { DynoProcess, PRODUCTION_MAIN } from './support/dyno-process.ts'

const ADMIN_TOKEN = 'open-sesame-open-sesame'
const fixtureOf = botFixture()
const dynos: DynoProcess[] = []
afterEach(async () => {
  await Promise.all(dynos.splice(0).map((dyno) => dyno.dispose()))
})

it('links a new bot from the page, and tells monitors how it is', async () => {
  const { whatsapp, databaseUrl, sessionId } = await fixtureOf()
  const account = whatsapp.addAccount()
  const dyno = await DynoProcess.start(PRODUCTION_MAIN, {
    ADMIN_TOKEN,
    DATABASE_URL: databaseUrl,
    WHATSAPP_URL: whatsapp.url,
    SESSION_ID: sessionId,
    PAIRING_PHONE_NUMBER: account.pn,
    HEALTH_CHECK_PORT: String(await freePort()),
    HEARTBEAT_INTERVAL_MS: '250',
    SEND_GAP_MS: '0',
  })
  dynos.push(dyno)
  await dyno.event('http.listening')
  const cookie = await logIn(dyno)
  const page = (): Promise<string> => textOf(dyno, '/pairing', { cookie })
  await expect.poll(page, PATIENCE).toMatch(/<p class="code">[A-Z0-9]{4}-?[A-Z0-9]{4}<\/p>[^]*<svg /)
  expect(JSON.parse(await textOf(dyno, '/health'))).toMatchObject({
    status: 'degraded',
    databaseConnected: true,
  })

  await account.enterPairingCode(/class="code">([^<]+)</.exec(await page())?.[1] ?? '')
  await expect.poll(page, PATIENCE).toContain('Linked and connected')
  expect(await page()).not.toContain('<svg ')
  const anna = whatsapp.addContact()
  await anna.say('.ping one', { to: account })
  await anna.inbox.waitFor('pong one')

  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const health = async (): Promise<unknown> => JSON.parse(await textOf(dyno, '/health', headers))
  await expect.poll(health, PATIENCE).toMatchObject({
    status: 'ok',
    memory: { percentages: { systemUsage: expect.any(Number) } },
    details: { reasons: [], bot: { connection: { state: 'open' }, messages: { sent: 1, confirmed: 1 } } },
  })
  expect(JSON.parse(await textOf(dyno, '/ready', headers))).toEqual({ isReady: true, missing: [] })
  const metrics = await textOf(dyno, '/metrics', headers)
  expect(metrics).toContain('\nblacksky_ready 1\n')
  expect(metrics).toContain('\nblacksky_messages_confirmed_total 1\n')
  expect(dyno.text()).not.toContain(ADMIN_TOKEN)
})

/** For a busy machine; nothing is judged by it. Asking more often would meet the rate limit. */
const PATIENCE = { timeout: 20_000, interval: 500 }

async function logIn({ port }: DynoProcess): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/login`, {
    method: 'POST',
    body: new URLSearchParams({ token: ADMIN_TOKEN }),
    redirect: 'manual',
  })
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}

async function textOf(
  { port }: DynoProcess,
  path: string,
  headers: Record<string, string> = {},
): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text()
}
