/**
 * Targets in a container, whose processes see nothing of this machine but what is mounted: anybody's bot in an image of
 * its own is brought to the fake WhatsApp, linked, and answers. Runs where an engine holds the base image;
 * targets-image.test.ts has the images that do not work.
 */

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FaultProxy } from '../../sim/postgres/fault-proxy/fault-proxy.ts'
import { commandOfTarget, dynoOfTarget, nodeOptionsOf } from '../../sim/real/target-dyno.ts'
import { negativeControl } from '../../sim/targets/real/negative-controls.ts'
import type { RealTarget } from '../../sim/targets/real/real-target.ts'
import { targetOfCommand } from '../../sim/targets/real/target-of-command.ts'
import { testDatabase } from '../support/database.ts'
import { canRunContainers, IN_CONTAINER, startSim, texts, up } from './sim-bench.ts'
import type { HerokuSim, HerokuSimOptions } from '../../sim/dyno/real/heroku-sim.ts'
import { buildImage, bundledBot } from './image-bench.ts'
import { expectAnswer, targetBench, temporaryFolder } from './target-bench.ts'
import type { TargetBench } from './target-bench.ts'

const TIMEOUT_MS = 60_000

/** As the engine makes a dyno's options of a target. */
async function optionsOf(target: RealTarget, { places }: TargetBench): Promise<Partial<HerokuSimOptions>> {
  const { appFolder, copy, image } = target
  const configVars = target.environment({ ...places, nodeOptions: await nodeOptionsOf(image) })
  return {
    command: commandOfTarget(target),
    appFolder,
    copy,
    configVars,
    dyno: dynoOfTarget(target, configVars, places.stateFolder),
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
async function restarted(target: RealTarget, bench: TargetBench): Promise<HerokuSim> {
  const sim = await startSim('', await optionsOf(target, bench))
  await expectAnswer(bench)
  sim.restart()
  await up(sim, 2)
  await expectAnswer(bench, 'after the restart')
  return sim
}

/** Built and started as its owner would: a name, a command, perhaps a file of variables. */
async function strangersBot(lines: readonly string[], baileys: string, variables = ''): Promise<RealTarget> {
  // Its port is answered, as a web dyno's must be.
  const port = "require('node:http').createServer((q, r) => r.end()).listen(process.env.PORT);"
  const image = await buildImage(lines, { 'bot.cjs': port + (await bundledBot(baileys)) })
  onTestFinished(() => image.remove())
  const envFile = join(temporaryFolder(), 'bot.env')
  writeFileSync(envFile, variables)
  return targetOfCommand('node bot.cjs', { folder: '/nowhere', path: '', image: image.name, envFile })
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
    'is Baileys 7 in an image with a user, an entry point, variables and a volume of its own',
    async () => {
      const lines = [
        'WORKDIR /home/bot/app',
        'COPY . .',
        'VOLUME /data',
        'ENV NODE_OPTIONS=--max-old-space-size=345',
        'USER 4321:4321',
        `HEALTHCHECK --interval=1s CMD node -e "fs.writeFileSync(process.env.SESSIONS + '/checked', '')"`,
        'ENTRYPOINT ["/bin/sh", "-c", "exit 9"]',
      ]
      const bench = await targetBench()
      const target = await strangersBot(
        lines,
        '@whiskeysockets/baileys',
        'SESSIONS=$LAB_STATE_FOLDER/sessions',
      )
      const sim = await restarted(target, bench)
      // Its session outlives the dyno where it is told to keep it: the phone has linked it once.
      expect(bench.report()).toMatchObject({ linked: 1, refusal: undefined, oldNode: undefined })
      expect(texts(sim).join('\n')).toContain('Starting process with command `node bot.cjs`')
      // The engine runs nothing of its own beside the bot: it would be measured with it.
      expect(existsSync(join(bench.places.stateFolder, 'sessions/checked'))).toBe(false)
      const { configVars } = await optionsOf(target, bench)
      expect(configVars?.['NODE_OPTIONS']).toMatch(/^--max-old-space-size=345 --import /)
    },
    TIMEOUT_MS,
  )

  it(
    'is Baileys 6.7 in an image that has no shell',
    async () => {
      const noShell = `RUN ["node", "-e", "for (const f of ['/bin/sh', '/usr/local/bin/sh']) fs.rmSync(f)"]`
      const bench = await targetBench()
      await startSim('', await optionsOf(await strangersBot([noShell, 'COPY . .'], 'baileys-6'), bench))
      await expectAnswer(bench)
      expect(bench.report()).toMatchObject({ linked: 1, hosts: ['web.whatsapp.com'] })
    },
    TIMEOUT_MS,
  )
})
