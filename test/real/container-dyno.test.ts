/**
 * What only a dyno in a container has: the kernel's memory limit, an image, the bot's own image under traffic, and
 * an engine in which something could be left. Runs where an engine holds the images; see sim/dyno/real/image.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ContainerProcess } from '../../sim/docker/container-process.ts'
import { removeContainer } from '../../sim/docker/docker-engine.ts'
import { callEngine } from '../../sim/docker/engine-call.ts'
import type { HerokuSimOptions } from '../../sim/dyno/real/heroku-sim.ts'
import { commandOf } from '../../sim/dyno/real/web-command.ts'
import { botFixture } from '../support/bot-fixture.ts'
import { answersDuring, logged, mostLoggedIn, startBotOnDyno } from './bot-bench.ts'
import { endingEngine } from './fake-engine.ts'
import { buildImage } from './image-bench.ts'
import { CLI_PATIENCE, runSim, untilUp } from './cli-bench.ts'
import {
  IN_CONTAINER,
  TARGETS,
  canRunContainers,
  get,
  leftContainers,
  leftProcesses,
  startSim,
  texts,
  until,
  up,
} from './sim-bench.ts'

const MB = 1_048_576
const BOT_IMAGE = 'blacksky-md:local'
const TIMEOUT_MS = 90_000
/** Only the kernel watches. */
const UNWATCHED = { ceilingPollMs: 3_600_000, sampleMs: 3_600_000 }

const start = (way: string, options: Partial<HerokuSimOptions> = {}) =>
  startSim(way, { dyno: IN_CONTAINER, ...options })

describe.runIf(await canRunContainers())('the memory limit of a container', () => {
  it('stands where Heroku has its ceiling, and the app is told its quota', async () => {
    const sim = await start('serve')
    await up(sim)
    expect((await get(sim, '/memory-limit')).body).toBe(`${1_280 * MB}`)
    expect(JSON.parse((await get(sim, '/env')).body)).toMatchObject({ MEMORY_AVAILABLE: '512' })
  })

  it.each(['burst 600', 'grow-in-child 600'])(
    'enforced by the kernel (%s) ends the whole dyno as R15',
    async (way) => {
      const sim = await start(way, { rules: { ...UNWATCHED, quotaBytes: 120 * MB } })
      expect(await until(sim, (event) => event.kind === 'ended')).toMatchObject({
        end: { cause: 'r15', status: 137 },
      })
      expect(texts(sim)).toEqual(
        expect.arrayContaining([
          'Process running mem=300M(250.0%)',
          'Error R15 (Memory quota vastly exceeded)',
          'Process exited with status 137',
        ]),
      )
    },
  )

  it('is the quota itself on hosts with a hard limit: the largest process dies, the dyno lives', async () => {
    const rules = { ...UNWATCHED, quotaBytes: 160 * MB }
    const sim = await start('grow-in-child 300', { memoryModel: 'cgroup', rules })
    const kill = await until(sim, (event) => event.kind === 'oom-kill')
    expect(kill).toMatchObject({ pid: undefined, usedBytes: 160 * MB })
    expect((await get(sim, '/memory-limit')).body).toBe(`${160 * MB}`)
    expect(texts(sim).join('\n')).not.toMatch(/R1[45]/)
  })
})

const words = (way: string) =>
  `--dyno container --image ${IN_CONTAINER.image} --mount ${TARGETS} -- node ${join(TARGETS, 'app.mjs')} ${way}`

async function networks(): Promise<number> {
  const found: unknown[] = JSON.parse((await callEngine({ method: 'GET', path: '/networks' }, 5_000)).body)
  return found.length
}

describe.runIf(await canRunContainers())('the simulator with a container', () => {
  it('ends in order on Ctrl-C, and at once on a second one: nothing is left', async () => {
    const before = await networks()
    const sim = runSim(words('ignore-sigterm'))
    await untilUp(sim)
    expect(await leftContainers(sim.pid)).toHaveLength(1)
    sim.signal('SIGINT')
    await expect.poll(sim.out, CLI_PATIENCE).toContain('SIGTERM ignored')
    sim.signal('SIGINT')
    expect(await sim.exitCode).toBe(130)
    expect(sim.out()).toContain('Process exited with status 137')
    expect(await leftContainers(sim.pid)).toEqual([])
    expect(leftProcesses(sim.pid)).toEqual([])
    expect(await networks()).toBe(before)
  })

  it('leaves nothing even when it is killed itself', async () => {
    const sim = runSim(words('with-daemon'))
    await untilUp(sim)
    sim.signal('SIGKILL')
    await sim.exitCode
    await expect.poll(() => leftContainers(sim.pid), CLI_PATIENCE).toEqual([])
    expect(leftProcesses(sim.pid)).toEqual([])
  })

  it('tells an engine that ends as the machine’s doing', async () => {
    const engine = await endingEngine()
    const sim = runSim(words('serve'), { DOCKER_HOST: engine.address })
    await untilUp(sim)
    engine.end()
    await expect
      .poll(sim.out, CLI_PATIENCE)
      .toContain('the Docker engine has gone, and its container with it')
    sim.signal('SIGINT')
    expect(await sim.exitCode).toBe(5)
    expect(leftProcesses(sim.pid)).toEqual([])
    for (const id of await leftContainers(sim.pid)) await removeContainer(id)
  })

  it('keeps no container of a boot that is over', async () => {
    const sim = await start('serve')
    await up(sim)
    sim.restart()
    await up(sim, 2)
    await until(sim, (event) => event.kind === 'ended' && event.boot === 1)
    await expect.poll(() => leftContainers()).toHaveLength(1)
  })

  it('shows what the engine says when the container cannot be made', async () => {
    const dyno = { ...IN_CONTAINER, mounts: ['/proc/self/cmdline/no-folder'] }
    const sim = await start('serve')
    await up(sim)
    sim.deploy({ dyno })
    expect(await until(sim, (event) => event.kind === 'ended' && event.boot === 2)).toMatchObject({
      end: { status: 1 },
    })
    expect(texts(sim).join('\n')).toMatch(/The dyno could not be prepared: Docker: /)
    const failed = { kind: 'host-failed', boot: 2, why: expect.stringContaining('Docker: ') }
    expect(sim.record.events).toContainEqual(expect.objectContaining(failed))
  })
})

describe.runIf(await canRunContainers())('the user in a container', () => {
  it('lets another user than the image’s write where the bot is, and into its volumes', async () => {
    const made = `RUN ["node", "-e", "fs.mkdirSync('/data'); fs.writeFileSync('/data/kept', '')"]`
    const own = await buildImage(['WORKDIR /bot', made, 'VOLUME /data', 'USER 4321'], {})
    const { promise: status, resolve } = Promise.withResolvers<number>()
    const script = `for (const folder of ['.', '/data']) fs.writeFileSync(folder + '/new', '')
      if (process.getuid() !== 7654 || !fs.existsSync('/data/kept')) process.exit(3)`
    const container = new ContainerProcess({
      image: own.name,
      command: ['node', '-e', script],
      environment: {},
      labels: {},
      user: { uid: 7654, gid: 7654 },
      memoryLimitBytes: 200_000_000,
      mounts: [],
      writableMounts: [],
      onOutput: () => undefined,
      onOutOfMemory: () => undefined,
      onEngineGone: () => undefined,
      onExit: resolve,
    })
    try {
      await container.start()
      expect(await status).toBe(0)
    } finally {
      await container.remove()
      await own.remove()
    }
  })
})

describe.runIf(await canRunContainers(BOT_IMAGE))('the bot’s own image', () => {
  const fixtureOf = botFixture()

  it(
    'hands over to the dyno of a restart under traffic, as the bot outside of a container does',
    async () => {
      const dockerfile = readFileSync(join(import.meta.dirname, '../../Dockerfile'), 'utf8')
      const cmd: string[] = JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? '[]')
      const command = commandOf(cmd)
      if (command === undefined) throw new Error('the Dockerfile changed')
      const bot = await startBotOnDyno(await fixtureOf(), {
        command,
        dyno: { kind: 'container', image: BOT_IMAGE, mounts: [] },
      })
      const { asked, answered } = await answersDuring(bot, async () => {
        bot.sim.restart()
        await up(bot.sim, 2)
      })
      expect(answered).toEqual(asked)
      expect(logged(bot.sim, 'pairing.wanted')).toEqual([])
      expect(mostLoggedIn(bot.whatsapp)).toBe(1)
      expect(bot.whatsapp.truth()).toMatchObject({ unhealedFailures: 0, keyReuses: [] })
      const ends = bot.sim.record.events.filter((event) => event.kind === 'ended')
      expect(ends).toMatchObject([{ end: { cause: 'exit', status: 0 } }])
    },
    TIMEOUT_MS,
  )
})
