/** Code of a virtual process that reaches past its ports fails its run; everybody else notices nothing. */

import { getRandomValues, pbkdf2, randomBytes, randomInt, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { gzip } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { defineScenario } from '../../sim/scenario.ts'
import { bot } from '../../sim/targets/bot.ts'
import type { TargetContext } from '../../sim/targets/target.ts'
import { runScenario } from '../../sim/world/run.ts'
import { openVirtualDatabase } from '../../sim/world/virtual-database.ts'
import { testDatabase } from '../support/database.ts'

const scenario = defineScenario({
  id: 'dyno-restart/short',
  family: 'dyno-restart',
  proves: 'a minute of ordinary life',
  durationMs: 90_000,
  claims: { always: ['single-socket'] },
})

/** What came of a run in which the bot does this after a second; violations as `claim: message`. */
async function runOfBotThat(act: (context: TargetContext) => void): Promise<string[]> {
  const target = {
    ...bot,
    start: (context: TargetContext) => {
      context.ports.clock.setTimer('act', 1_000, () => act(context))
      return bot.start(context)
    },
  }
  const request = { scenario, level: 'model', seed: 1, target: 'bot' } as const
  const { violations } = await runScenario(request, { database: undefined, keepLines: 0, target })
  return violations.map(({ claim, message }) => `${claim}: ${message}`)
}

describe('a bot that uses', () => {
  it.each<readonly [string, () => unknown]>([
    ['Date.now()', () => Date.now()],
    ['new Date()', () => new Date()],
    ['Date()', () => Date()],
    ['performance.now()', () => performance.now()],
    ['process.hrtime()', () => process.hrtime()],
    ['process.hrtime.bigint()', () => process.hrtime.bigint()],
    ['setTimeout()', () => setTimeout(() => undefined, 1)],
    ['setInterval()', () => setInterval(() => undefined, 1)],
    ['setImmediate()', () => setImmediate(() => undefined)],
    ['timers/promises.setTimeout()', () => delay(1)],
    ['AbortSignal.timeout()', () => AbortSignal.timeout(1)],
    ['Math.random()', () => Math.random()],
    ['crypto.randomUUID()', () => crypto.randomUUID()],
    ['crypto.getRandomValues()', () => crypto.getRandomValues(new Uint8Array(1))],
    ['crypto.randomUUID()', () => randomUUID()],
    ['crypto.randomBytes()', () => randomBytes(1)],
    ['crypto.randomInt()', () => randomInt(5)],
    ['crypto.getRandomValues()', () => getRandomValues(new Uint8Array(1))],
    ['crypto.subtle.digest()', () => crypto.subtle.digest('SHA-256', new Uint8Array(1))],
    ['crypto.pbkdf2()', () => pbkdf2('a', 'b', 1, 1, 'sha256', () => undefined)],
    ['zlib.gzip()', () => gzip('a', () => undefined)],
    ['fs.readFile()', () => readFile('/dev/null', () => undefined)],
    ['fs/promises.stat()', () => stat('/dev/null')],
  ])('%s fails its run and is named', async (name, use) => {
    const violations = await runOfBotThat(use)
    expect(violations[0]).toMatch(/^sound-process: web\.1#1\/bot\.1: /)
    expect(violations[0]).toContain(`${name} was used: `)
  })

  it('Date.now() after an answer of the database fails its run, caught or not', async () => {
    const violations = await runOfBotThat(({ ports }) => {
      const useDate = async (): Promise<void> => {
        await ports.sessionStore.readLease()
        try {
          Date.now()
        } catch {
          // The lab knows it all the same.
        }
      }
      void useDate()
    })
    expect(violations).toEqual([
      'sound-process: web.1#1/bot.1: Date.now() was used: time comes from the clock port',
    ])
  })

  it('a date made from a number does nothing wrong', async () => {
    expect(await runOfBotThat(() => new Date(7).toISOString())).toEqual([])
  })
})

describe('everybody else', () => {
  it('has the real clock and chance, also while a run is on', async () => {
    const running = runOfBotThat(() => undefined)
    const before = Date.now()
    await delay(5)
    expect(Date.now()).toBeGreaterThan(before)
    expect(new Date()).toBeInstanceOf(Date)
    expect(new Date().getFullYear()).toBeGreaterThan(2025)
    expect(Math.random()).toBeLessThan(1)
    expect(randomUUID()).not.toBe(crypto.randomUUID())
    expect(await running).toEqual([])
  })

  it('has them on Postgres, whose driver uses both', async () => {
    const database = await openVirtualDatabase(await testDatabase())
    try {
      const request = { scenario, level: 'virtual', seed: 1, target: 'bot' } as const
      const { verdict, violations } = await runScenario(request, { database, keepLines: 0 })
      expect([verdict, violations]).toEqual(['holds', []])
    } finally {
      await database.close()
    }
  })
})
