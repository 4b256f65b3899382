/** A paired bot moves to another database: the owner's tool exports, the bot process imports, nobody scans a QR. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { botFixture } from '../support/bot-fixture.ts'
import { testDatabase } from '../support/database.ts'

const TOOL = join(import.meta.dirname, '../../src/session-main.ts')
const SESSION_PASSPHRASE = 'correct horse battery'

const start = botFixture()
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'session-moved-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('goes on with its chats on the new database, sealed there under a key of its own', async () => {
  const { whatsapp, boot, databaseUrl, sessionId } = await start()
  const account = whatsapp.addAccount()
  const [anna, ben] = [whatsapp.addContact(), whatsapp.addContact({ addressing: 'lid' })]
  const group = whatsapp.addGroup({ subject: 'Friends', participants: [anna, ben, account] })
  const before = boot()
  await account.scanQr(await before.qr())
  await before.open()
  await anna.say('.ping one', { to: account })
  await ben.say('.ping two', { to: group })
  await anna.inbox.waitFor('pong one')
  await ben.inbox.waitFor('pong two')
  expect(await before.terminate()).toEqual({ exitCode: 0, signal: null })

  const file = join(folder, 'moved.session')
  execFileSync(process.execPath, [TOOL, 'export', file], {
    env: { PATH: process.env['PATH'], DATABASE_URL: databaseUrl, SESSION_ID: sessionId, SESSION_PASSPHRASE },
  })

  await anna.say('.ping three', { to: account })
  const there = { DATABASE_URL: await testDatabase(), SESSION_ENCRYPTION_KEY: '33'.repeat(32) }
  const after = boot({ ...there, SESSION_IMPORT: file, SESSION_PASSPHRASE })
  const { status } = await after.open()
  expect(status.connection.qr).toBeUndefined()
  await anna.inbox.waitFor('pong three')
  await ben.say('.ping four', { to: group })
  await ben.inbox.waitFor('pong four')
  expect(await after.terminate()).toEqual({ exitCode: 0, signal: null })

  const again = boot(there)
  await again.open()
  await anna.say('.ping five', { to: account })
  await anna.inbox.waitFor('pong five')
  expect(whatsapp.truth()).toMatchObject({ unhealedFailures: 0, keyReuses: [], protocolErrors: 0 })
  expect(account.linkedDevices).toHaveLength(1)
})
