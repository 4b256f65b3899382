/** The version of WhatsApp Web over restarts: what WhatsApp once took is not forgotten, on either store. */

import type { WAVersion } from '@whiskeysockets/baileys'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import type { SessionStore } from '../../src/ports/session-store.ts'
import { freshSession, inMemoryFixture, postgresFixture } from '../contract/store-fixture.ts'
import { WireBot } from '../support/wire-bot.ts'
import { useWire } from '../support/wire-fixture.ts'

/** Newer than any that Baileys may bring. */
const NEW: WAVersion = [2, 3000, 2_000_000_000]
const NEWER: WAVersion = [2, 3000, 2_000_000_001]
const noNetwork = (): Promise<WAVersion> => Promise.reject(new Error('no network'))

describe.each([
  ['in memory', inMemoryFixture],
  ['on Postgres', postgresFixture],
])('the version of WhatsApp Web, %s', (_name, makeFixture) => {
  const { startServer } = useWire()
  const bots: WireBot[] = []
  afterEach(async () => {
    await Promise.all(bots.splice(0).map((bot) => bot.end()))
  })

  async function scene(): Promise<{
    readonly store: SessionStore
    /** A process of its own: connects once, and says how that went. */
    readonly run: (url: string, fetchVersion: () => Promise<WAVersion>) => Promise<string>
  }> {
    const fixture = await makeFixture()
    onTestFinished(() => fixture.close())
    const store = fixture.sessionStore(freshSession())
    const run = async (url: string, fetchVersion: () => Promise<WAVersion>): Promise<string> => {
      const bot = new WireBot({ url, store, fetchVersion })
      bots.push(bot)
      const { promise, resolve } = Promise.withResolvers<string>()
      await bot.connect({
        accept: () => Promise.resolve(),
        onEvent: (event) =>
          resolve(event.type === 'close' ? `closed ${event.report.statusCode}` : event.type),
      })
      const outcome = await promise
      await bot.opened?.flush()
      await bot.end()
      return outcome
    }
    return { store, run }
  }

  it('is the last one that was good, after a restart without a network', async () => {
    const server = await startServer({ minVersion: NEW })
    const { store, run } = await scene()
    await new WireBot({ url: server.url, store }).store(server.addAccount().linkedDevice().creds)
    expect(await run(server.url, noNetwork)).toBe('closed 405')
    expect(await run(server.url, () => Promise.resolve(NEW))).toBe('open')
    expect(await run(server.url, noNetwork)).toBe('open')
    expect(await run(server.url, () => Promise.resolve([2, 3000, 1]))).toBe('open')
  })

  it('is not kept when WhatsApp did not take it', async () => {
    const strict = await startServer({ minVersion: NEWER })
    const { store, run } = await scene()
    const { creds } = strict.addAccount().linkedDevice()
    await new WireBot({ url: strict.url, store }).store(creds)
    expect(await run(strict.url, () => Promise.resolve(NEW))).toBe('closed 405')
    expect(await store.readCreds()).not.toContain(String(NEW[2]))
    expect(await run(strict.url, () => Promise.resolve(NEWER))).toBe('open')
    expect(await store.readCreds()).toContain(String(NEWER[2]))
  })
})
