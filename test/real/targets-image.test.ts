/**
 * What goes wrong with a target in an image, and how it is told: before anything is started where the image cannot be
 * had, else as the error of the run. What works is in targets-container.test.ts, what ends a run from outside in
 * targets-image-end.test.ts.
 */

import assert from 'node:assert/strict'
import { release } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runReal } from '../../sim/real/run-real.ts'
import { defineRealScenario } from '../../sim/scenario.ts'
import { targetOfCommand } from '../../sim/targets/real/target-of-command.ts'
import { openVirtualDatabase } from '../../sim/world/virtual-database.ts'
import { labProcess } from '../lab/cli/support/lab-process.ts'
import { testDatabase } from '../support/database.ts'
import { fakeEngine } from './fake-engine.ts'
import { buildImage, containersOf } from './image-bench.ts'
import type { BuiltImage } from './image-bench.ts'
import { canRunContainers } from './sim-bench.ts'

const TIMEOUT_MS = 60_000

const REAL = 'run disconnect-storm/logged-out-401 --level real --postgres embedded'

describe('an image for a container that cannot be had', () => {
  const UP = { '/_ping': {}, '/info': { KernelVersion: release() } }
  const MISSING = '--target bot.js --target-image nowhere:1'

  it.each([
    [
      'without an engine',
      undefined,
      MISSING,
      /no Docker engine answers at DOCKER_HOST=unix:[\s\S]*start Docker/,
    ],
    ['without rights', { '/_ping': 403 }, MISSING, /does not answer to this user[\s\S]*group docker/],
    ['of this project, without an engine', undefined, '--dyno container', /use --dyno process/],
    ['that is not there', UP, MISSING, /does not hold the image nowhere:1[\s\S]*docker build -t nowhere:1/],
    [
      'with a name that is none',
      { ...UP, '/images/nowhere%3A1/json': 400 },
      MISSING,
      /"nowhere:1" is no name of an image[\s\S]*`docker images`/,
    ],
  ])('%s: exit code 5, one message, nothing begun', async (_, answers, words, message) => {
    const DOCKER_HOST = answers === undefined ? 'unix:///nowhere.sock' : await fakeEngine(answers)
    const { exitCode, out, err, files, isLeftRunning } = await labProcess(`${REAL} ${words}`, undefined, {
      DOCKER_HOST,
    })
    expect(err).toMatch(message)
    expect(err.trim().split('\n')).toHaveLength(3)
    expect({ exitCode, out, files, isLeftRunning }).toEqual({
      exitCode: 5,
      out: '',
      files: [],
      isLeftRunning: false,
    })
  })
})

/** Misbehaves in one stated way. */
const PROGRAM = `
  const { spawn } = require('node:child_process')
  const stay = () => setInterval(() => 1, 1e6)
  const ways = {
    exit: () => { console.log('there is no TOKEN'); process.exitCode = 3 },
    'ask-for-nothing': stay,
    binary: () => setInterval(() => process.stdout.write(Buffer.from([0, 200, 201, 255, 254, 7, 10])), 200),
    children: () => {
      for (let child = 0; child < 5; child += 1) spawn('sh', ['-c', 'setsid sleep 600 & sleep 600'])
      setTimeout(() => process.exit(0), 1_000)
    },
  }
  ways[process.argv[2]]()`
/** What Node 16 says of an option that it does not know. */
const OLD_NODE = `#!/bin/sh
echo 'node: --import is not allowed in NODE_OPTIONS' >&2
exit 9`

describe.runIf(await canRunContainers())(
  'a container that does not come to WhatsApp',
  { concurrent: true },
  () => {
    let image: BuiltImage
    beforeAll(async () => {
      const makeOld = `RUN ["node", "-e", "fs.chmodSync('old-node', 0o755)"]`
      image = await buildImage(['WORKDIR /bot', 'COPY . .', makeOld], {
        'bot.cjs': PROGRAM,
        'old-node': OLD_NODE,
      })
    })
    // When all have ended, because they wait beside each other.
    afterAll(async () => {
      const left = await containersOf(image.name, 'all')
      await image.remove()
      assert.deepEqual(left, [])
    })

    async function run(command: string): Promise<unknown> {
      const scenario = defineRealScenario({
        id: 'dyno-restart/of-an-image',
        family: 'dyno-restart',
        proves: 'what the engine makes of a command in an image',
        real: { durationMs: 5_000, settings: {}, faults: [], claims: { always: ['single-socket'] } },
      })
      const target = targetOfCommand(command, { folder: '/nowhere', path: '', image: image.name })
      const database = await openVirtualDatabase(await testDatabase())
      try {
        return await runReal(
          { scenario, level: 'real', seed: 1, target: command },
          { database, target, keepLines: 10 },
        )
      } finally {
        await database.close()
      }
    }

    it.each([
      ['deno bot.cjs', /^`deno bot\.cjs` could not be run \(status 127\): see that the image stranger-/],
      ['./bot.cjs', /^`\.\/bot\.cjs` could not be run \(status 126\): see that/],
      ['cd /bot && deno bot.cjs', /could not be run \(status 127\)[^]*deno: not found/],
      ['node not-there.cjs', /exited with status 1 .*Cannot find module/s],
      ['node bot.cjs exit', /^`node bot\.cjs exit` exited with status 3 .* before it asked .*no TOKEN$/s],
      ['./old-node bot.cjs', /status 9 .*its Node is too old: it must be Node 20 or newer/],
      ['node bot.cjs children', /exited with status 0 after/],
      ['sleep 600', /^no connection .*; and no Node process of the target has loaded/],
      ['node bot.cjs ask-for-nothing', /has asked for none of WhatsApp’s hosts.*It has printed nothing$/],
      ['node bot.cjs binary', /It has printed bytes that are no text$/],
    ])(
      'is an error of the run with its reason: %s',
      async (command, reason) => {
        await expect(run(command)).rejects.toThrow(reason)
      },
      TIMEOUT_MS,
    )
  },
)
