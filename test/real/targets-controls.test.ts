/**
 * The negative controls really run: unmodified Baileys, linked by a QR that the preload hands to the phone, answering.
 * And each shows its flaw to a server that only watches; without it, the lab's verdict over it would be worth nothing.
 * They mostly wait, and do so beside each other.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'vitest'
import { negativeControl } from '../../sim/targets/real/negative-controls.ts'
import { testDatabase } from '../support/database.ts'
import { expectAnswer, online, PATIENCE_MS, printed, targetBench } from './target-bench.ts'
import type { TargetBench, TestLife } from './target-bench.ts'

const TIMEOUT_MS = 60_000
const KEPT_WITHIN_MS = 2_000

/** Messages that the bot could not read, and asked for again. */
function askedAgain({ whatsapp }: TargetBench): number {
  return whatsapp.truth().receipts.filter(({ type }) => type === 'retry').length
}

describe.concurrent('gateway-naive', () => {
  it(
    'is still linked after a restart, and cannot read what people send it',
    async (life) => {
      const { expect } = life
      const bench = await restarted('gateway-naive', life)
      await expect.poll(() => askedAgain(bench), { timeout: PATIENCE_MS }).toBeGreaterThan(0)
    },
    TIMEOUT_MS,
  )

  it(
    'comes again at once, however often it is refused',
    async (life) => {
      const { expect } = life
      const bench = await targetBench(await testDatabase(), life)
      const { lines } = bench.boot(negativeControl('gateway-naive'))
      await expectAnswer(bench)
      const refusal = await bench.whatsapp.inject({ kind: 'login-failure', reason: 503, times: 12 })
      await bench.whatsapp.inject({ kind: 'close', how: 'terminate' })
      await expect.poll(() => refusal.struck, { timeout: PATIENCE_MS }).toBe(12)
      await expectAnswer(bench, 'again')
      // A back-off of a second that doubles would have been on its way for over an hour.
      expect(printed(lines, 'gateway.closed').length).toBeGreaterThan(12)
    },
    TIMEOUT_MS,
  )
})

describe.concurrent('reset-on-open', () => {
  it(
    'reads what people send it after a restart: its session is not what is wrong with it',
    async (life) => {
      const { expect } = life
      const bench = await restarted('reset-on-open', life)
      expect(askedAgain(bench)).toBe(0)
    },
    TIMEOUT_MS,
  )

  it(
    'waits longer after each refusal, and the same short time after each connection that opens and ends',
    async (life) => {
      const { expect } = life
      const bench = await targetBench(await testDatabase(), life)
      const { lines } = bench.boot(negativeControl('reset-on-open'))
      const opened = (): number => printed(lines, 'reset.open').length
      const delays = (): unknown[] => printed(lines, 'reset.closed').map(({ delayMs }) => delayMs)
      for (const times of [1, 2, 3]) {
        await expect.poll(opened, { timeout: PATIENCE_MS }).toBe(times)
        await bench.whatsapp.inject({ kind: 'stream-error', code: 440 })
      }
      await expect.poll(opened, { timeout: PATIENCE_MS }).toBe(4)
      expect(delays()).toEqual([0, 1_000, 1_000, 1_000])
      await bench.whatsapp.inject({ kind: 'login-failure', reason: 503, times: 1 })
      await bench.whatsapp.inject({ kind: 'close', how: 'terminate' })
      await expect.poll(opened, { timeout: PATIENCE_MS }).toBe(5)
      expect(delays().slice(4)).toEqual([1_000, 2_000])
    },
    TIMEOUT_MS,
  )
})

describe.concurrent('before', () => {
  it(
    'needs a QR again after a restart that came before a backup, and none after one',
    async (life) => {
      const { expect } = life
      const bench = await targetBench(await testDatabase(), life)
      const first = bench.boot(negativeControl('before'))
      await online(bench)
      await first.kill()
      const second = bench.boot(negativeControl('before'), { settings: { BEFORE_BACKUP_EVERY_MS: '500' } })
      await expect.poll(() => bench.report().linked, { timeout: PATIENCE_MS }).toBe(2)
      await expectAnswer(bench)
      const backups = printed(second.lines, 'before.backed-up').length
      // The one that is under way may have begun before.
      await expect
        .poll(() => printed(second.lines, 'before.backed-up').length, { timeout: PATIENCE_MS })
        .toBeGreaterThan(backups + 1)
      await second.kill()
      bench.boot(negativeControl('before'))
      await expectAnswer(bench, 'after the backup')
      expect(bench.report().linked).toBe(2)
    },
    TIMEOUT_MS,
  )

  it(
    'takes a sound connection for dead, and one reload of it causes the next, without an end',
    async (life) => {
      const { expect } = life
      const bench = await targetBench(await testDatabase(), life)
      const settings = { BEFORE_KEEPER_EVERY_MS: '400' }
      const { lines } = bench.boot(negativeControl('before'), { settings })
      await online(bench)
      await expect
        .poll(() => printed(lines, 'before.closed').length, { timeout: PATIENCE_MS })
        .toBeGreaterThan(40)
      // Of its own making: the server has ended one connection, with the 515 after the pairing.
      const checks = printed(lines, 'before.appears-closed').length
      expect(printed(lines, 'before.closed').length).toBeGreaterThan(checks)
      expect(bench.whatsapp.truth().connections.length).toBeGreaterThan(20)
    },
    TIMEOUT_MS,
  )
})

/** Linked, spoken with, killed and started anew; and spoken to again. */
async function restarted(name: 'gateway-naive' | 'reset-on-open', life: TestLife): Promise<TargetBench> {
  const { expect } = life
  const bench = await targetBench(await testDatabase(), life)
  const first = bench.boot(negativeControl(name))
  await expectAnswer(bench)
  // What it keeps of its keys, it writes a moment after it has answered.
  await delay(KEPT_WITHIN_MS)
  await first.kill()
  bench.boot(negativeControl(name))
  await expectAnswer(bench, 'after the restart')
  expect(bench.report()).toMatchObject({ linked: 1, hosts: ['web.whatsapp.com'], refusal: undefined })
  expect(bench.account.linkedDevices).toHaveLength(1)
  return bench
}
