/**
 * Targets in a container, whose processes see nothing of this machine but what is mounted. Runs where an engine holds
 * the image; any-command.test.ts has a dyno on this machine.
 */

import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { commandOf } from '../../sim/dyno/real/web-command.ts'
import { FaultProxy } from '../../sim/postgres/fault-proxy/fault-proxy.ts'
import { negativeControl } from '../../sim/targets/real/negative-controls.ts'
import type { RealTarget } from '../../sim/targets/real/real-target.ts'
import { targetOfCommand } from '../../sim/targets/real/target-of-command.ts'
import { testDatabase } from '../support/database.ts'
import { canRunContainers, IN_CONTAINER, ON_THIS_MACHINE, startSim, up } from './sim-bench.ts'
import type { HerokuSimOptions } from '../../sim/dyno/real/heroku-sim.ts'
import { expectAnswer, PATIENCE_MS, targetBench } from './target-bench.ts'
import type { TargetBench } from './target-bench.ts'

const TIMEOUT_MS = 60_000
const PROJECT = join(import.meta.dirname, '../..')
const BOTS = join(import.meta.dirname, 'foreign-bots')

/** As the engine makes a dyno's options of a target. */
function optionsOf(target: RealTarget, bench: TargetBench): Partial<HerokuSimOptions> {
  const { image, mounts, appFolder, copy } = target
  const command = commandOf(target.command)
  if (command === undefined) throw new Error('no command')
  return {
    command,
    appFolder,
    copy,
    configVars: target.environment(bench.places),
    dyno: image === undefined ? ON_THIS_MACHINE : { kind: 'container', image, mounts },
    rules: { terminationMs: 10_000, bootLimitMs: 30_000 },
  }
}

/** A container sees no socket in a folder of this machine. */
async function databaseByTcp(): Promise<string> {
  const proxy = new FaultProxy({ upstreamUrl: await testDatabase(), port: 0, tls: 'refuse', seed: 'test' })
  await proxy.start()
  onTestFinished(() => proxy.stop())
  return proxy.url
}

/** Answers before a restart and after it. */
async function restarted(target: RealTarget, bench: TargetBench): Promise<void> {
  const sim = await startSim('', optionsOf(target, bench))
  await expectAnswer(bench)
  sim.restart()
  await up(sim, 2)
  await expectAnswer(bench, 'after the restart')
}

describe.runIf(await canRunContainers())('a target in a container', () => {
  it(
    'is brought to the fake WhatsApp as on this machine: a negative control',
    async () => {
      const bench = await targetBench(await databaseByTcp())
      await restarted({ ...negativeControl('reset-on-open'), image: IN_CONTAINER.image }, bench)
      expect(bench.report()).toMatchObject({ linked: 1, refusal: undefined })
    },
    TIMEOUT_MS,
  )

  it(
    "and anybody's bot in an image",
    async () => {
      const bench = await targetBench()
      const target = targetOfCommand(`node ${BOTS}/bot.mjs @whiskeysockets/baileys`, {
        folder: dirname(BOTS),
        path: '',
        image: IN_CONTAINER.image,
      })
      expect(target.mounts).toEqual([join(PROJECT, 'sim/targets/real/preload')])
      // The image has no bot in it: it is mounted, as if it had been built in.
      await startSim(
        '',
        optionsOf({ ...target, mounts: [...target.mounts, BOTS, `${PROJECT}/node_modules`] }, bench),
      )
      await expect.poll(() => bench.report().processes, { timeout: PATIENCE_MS }).toBeGreaterThan(0)
      await expectAnswer(bench)
      expect(bench.report()).toMatchObject({ linked: 1, hosts: ['web.whatsapp.com'] })
    },
    TIMEOUT_MS,
  )
})
