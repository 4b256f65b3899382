/** A heap snapshot as the owner takes one: from the web port of a real dyno, out of its real bot process. */

import { afterEach, expect, it } from 'vitest'
import { botFixture } from '../support/bot-fixture.ts'
import { freePort } from '../../sim/free-port.ts'
import { DynoProcess, PRODUCTION_MAIN } from './support/dyno-process.ts'

const ADMIN_TOKEN = 'a token for this test alone'.replaceAll(' ', '-')
const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
const fixtureOf = botFixture()
let dyno: DynoProcess | undefined

afterEach(async () => {
  await dyno?.dispose()
})

/** Its bot is connected, so that the heap is one worth looking at. */
async function startDyno(env: Readonly<Record<string, string>>): Promise<string> {
  const { whatsapp, link, databaseUrl, sessionId } = await fixtureOf()
  await link(whatsapp.addAccount())
  dyno = await DynoProcess.start(PRODUCTION_MAIN, {
    DATABASE_URL: databaseUrl,
    WHATSAPP_URL: whatsapp.url,
    SESSION_ID: sessionId,
    HEALTH_CHECK_PORT: String(await freePort()),
    ADMIN_TOKEN,
    ...env,
  })
  await dyno.event('connection.open')
  return `http://127.0.0.1:${dyno.port}/heap-snapshot`
}

it('is taken where memory allows it, and is what a debugger reads', async () => {
  const url = await startDyno({ MEMORY_QUOTA_MB: '4096' })
  expect((await fetch(url, { headers })).status).toBe(404)
  const taken = await fetch(url, { method: 'POST', headers })
  expect([taken.status, await taken.json()]).toEqual([201, expect.objectContaining({ status: 'taken' })])
  const text = await (await fetch(url, { headers })).text()
  expect(Object.keys(JSON.parse(text))).toEqual(expect.arrayContaining(['snapshot', 'nodes', 'edges']))
  expect(dyno?.events('memory.snapshot')).toHaveLength(1)
})

it('is refused where it would take the dyno over its quota, and the bot goes on', async () => {
  const url = await startDyno({ MEMORY_QUOTA_MB: '200', ENABLE_MEMORY_OPTIMIZATION: 'false' })
  const refused = await fetch(url, { method: 'POST', headers })
  expect([refused.status, await refused.json()]).toEqual([
    409,
    { status: 'refused', reason: expect.stringMatching(/would reach \d+ MB of 200 MB/) },
  ])
  expect((await fetch(url, { headers })).status).toBe(404)
  expect(dyno?.events('memory.snapshot-refused')).toHaveLength(1)
  expect(dyno?.events('supervisor.bot-ended')).toEqual([])
})
