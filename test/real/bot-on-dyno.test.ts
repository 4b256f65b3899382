/**
 * The production process tree under Heroku's rules, over a faulty network to Postgres and WhatsApp, with people
 * writing all the time: everybody is answered once, no QR code is needed, and never are two logged in at once.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BalloonHub } from '../../sim/balloon/agent/balloon-hub.ts'
import { RealBalloon } from '../../sim/balloon/agent/real-balloon.ts'
import { botFixture } from '../support/bot-fixture.ts'
import { answersDuring, logged, mostLoggedIn, startBotOnDyno } from './bot-bench.ts'
import type { BotOnDyno } from './bot-bench.ts'
import { PATIENCE_MS, up } from './sim-bench.ts'

const TIMEOUT_MS = 90_000
const MB = 1_048_576

function boots({ sim }: BotOnDyno): number {
  return sim.record.events.filter(({ kind }) => kind === 'started').length
}

function ends({ sim }: BotOnDyno): unknown[] {
  return sim.record.events.flatMap((event) => (event.kind === 'ended' ? [event.end] : []))
}

/** The faults may not cost the session, a key, or an answer; nor give one twice. */
async function expectAllAnswered(bot: BotOnDyno, trouble: () => Promise<unknown>): Promise<void> {
  const { asked, answered } = await answersDuring(bot, trouble)
  expect(answered).toEqual(asked)
  expect(logged(bot.sim, 'pairing.wanted')).toEqual([])
  expect(mostLoggedIn(bot.whatsapp)).toBe(1)
  expect(bot.whatsapp.truth()).toMatchObject({ unhealedFailures: 0, keyReuses: [] })
  expect(bot.account.linkedDevices).toHaveLength(1)
}

describe('the bot in a dyno', () => {
  const fixtureOf = botFixture()

  it(
    'hands over to the dyno of a restart, and ends in order',
    async () => {
      const bot = await startBotOnDyno(await fixtureOf())
      await expectAllAnswered(bot, async () => {
        bot.sim.restart()
        await up(bot.sim, 2)
      })
      expect(ends(bot)).toMatchObject([{ cause: 'exit', status: 0, sweptProcesses: 0 }])
    },
    TIMEOUT_MS,
  )

  it(
    'goes on after the host was lost without a warning',
    async () => {
      const bot = await startBotOnDyno(await fixtureOf(), {
        configVars: {
          LEASE_DURATION_MS: '2000',
          LEASE_RENEW_INTERVAL_MS: '500',
          LEASE_MARGIN_MS: '500',
        },
      })
      await expectAllAnswered(bot, async () => {
        await delay(500)
        bot.sim.killNow()
        await up(bot.sim, 2)
      })
      expect(ends(bot)).toMatchObject([{ status: 137 }])
    },
    TIMEOUT_MS,
  )

  it(
    'outlasts a storm of refused logins in one process',
    async () => {
      const bot = await startBotOnDyno(await fixtureOf())
      await expectAllAnswered(bot, async () => {
        const storm = await bot.whatsapp.inject({ kind: 'login-failure', reason: 503, times: 4 })
        await bot.whatsapp.inject({ kind: 'close', how: 'terminate' })
        await expect.poll(() => storm.struck, { timeout: 30_000 }).toBe(4)
      })
      expect(boots(bot)).toBe(1)
      expect(logged(bot.sim, 'supervisor.bot-started')).toHaveLength(1)
    },
    TIMEOUT_MS,
  )

  it(
    'keeps what it was told while Postgres was away',
    async () => {
      const bot = await startBotOnDyno(await fixtureOf())
      await expectAllAnswered(bot, async () => {
        const refusal = await bot.database.inject({ kind: 'refuse' })
        const reset = await bot.database.inject({ kind: 'reset' })
        await delay(3_000)
        await refusal.lift()
        expect(reset.strikes).toBeGreaterThan(0)
      })
      expect(boots(bot)).toBe(1)
    },
    TIMEOUT_MS,
  )

  it(
    'replaces a bot that leaks 30 MB/s before Heroku would kill it',
    async () => {
      const hub = new BalloonHub()
      await hub.start()
      onTestFinished(() => hub.stop())
      const bot = await startBotOnDyno(await fixtureOf(), {
        configVars: hub.environment(),
        rules: { sampleMs: 500, sampleJitterMs: 50 },
      })
      const agent = await hub.find(({ hello }) => hello.argv.join(' ').includes('bot-main'), PATIENCE_MS)
      const plan = { shape: 'leak', kind: 'external', toBytes: 1_500 * MB, holdMs: 0 } as const
      const balloon = new RealBalloon({
        plan: { ...plan, bytesPerSecond: 30 * MB, followsRestart: false },
        agent: () => (agent.isConnected ? agent : undefined),
      })
      onTestFinished(() => balloon.stop())
      await expectAllAnswered(bot, async () => {
        balloon.start()
        await expect.poll(() => logged(bot.sim, 'supervisor.bot-started').length, { timeout: 40_000 }).toBe(2)
      })
      expect(balloon.hasStruck).toBe(true)
      expect(boots(bot)).toBe(1)
      // R14 may come: so fast a leak goes from 85 % to 100 % within three seconds.
      expect(bot.sim.record.samples.map(({ verdict }) => verdict)).not.toContain('r15')
    },
    TIMEOUT_MS,
  )

  it(
    'does not come again with a session that was ended by the phone',
    async () => {
      const bot = await startBotOnDyno(await fixtureOf())
      const refusal = await bot.whatsapp.inject({ kind: 'login-failure', reason: 401 })
      await bot.whatsapp.inject({ kind: 'close', how: 'terminate' })
      await expect.poll(() => refusal.struck).toBe(1)
      // Longer than the longest back-off here.
      await delay(3_000)
      expect(refusal.struck).toBe(1)
      expect(boots(bot)).toBe(1)
      expect(logged(bot.sim, 'supervisor.bot-started')).toHaveLength(1)
    },
    TIMEOUT_MS,
  )
})
