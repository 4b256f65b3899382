/** A run on an image that ends from outside: by Ctrl-C, or because its engine is gone. Nothing is left running. */

import { spawn } from 'node:child_process'
import { chmodSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { LAB_MAIN } from '../lab/cli/support/lab-process.ts'
import { temporaryFolder } from '../lab/cli/support/stand-in-lab.ts'
import { endingEngine } from './fake-engine.ts'
import { buildImage, containersOf, isVolume, volumesOf } from './image-bench.ts'
import type { BuiltImage } from './image-bench.ts'
import { canRunContainers } from './sim-bench.ts'

const TIMEOUT_MS = 60_000
const PATIENCE = { timeout: 40_000, interval: 100 }
/** Of compiled code, which Node and node-pg-migrate's loader keep for the next process. */
const CACHES = new Set(['node-compile-cache', 'jiti'])

const REAL = 'run disconnect-storm/logged-out-401 --level real --postgres embedded'

/** Neither it nor its child ends on SIGTERM. */
const STUBBORN = `
  const { spawn } = require('node:child_process')
  process.on('SIGTERM', () => 1)
  spawn('sh', ['-c', "trap '' TERM INT; sleep 600"])
  setInterval(() => 1, 1e6)`

describe.runIf(await canRunContainers())('a run in a container', () => {
  it.each([1, 2])(
    'ends on Ctrl-C, pressed %i times, and leaves no container, volume, process or folder',
    async (times) => {
      const own = await buildImage(['COPY bot.cjs .', 'VOLUME /data'], { 'bot.cjs': STUBBORN })
      const temporary = temporaryFolder()
      // As /tmp is: the server runs as another user where this one is root.
      chmodSync(temporary, 0o755)
      const { child, ended } = labOn(own, { TMPDIR: temporary })
      try {
        await expect.poll(() => containersOf(own.name, 'running'), PATIENCE).toHaveLength(1)
        const [container = ''] = await containersOf(own.name, 'running')
        const [volume = ''] = await volumesOf(container)
        expect(await isVolume(volume)).toBe(true)
        // As a terminal does, to the whole group.
        for (let press = 0; press < times; press += 1) process.kill(-(child.pid ?? 0), 'SIGINT')
        expect(await ended).toBe(130)
        expect(await containersOf(own.name, 'all')).toEqual([])
        expect(await isVolume(volume)).toBe(false)
        expect(readdirSync(temporary).filter((name) => !CACHES.has(name))).toEqual([])
        expect(() => process.kill(-(child.pid ?? 0), 0)).toThrow('ESRCH')
      } finally {
        child.kill('SIGKILL')
        await own.remove()
      }
    },
    TIMEOUT_MS,
  )

  it(
    'whose engine ends is no fault of the target',
    async () => {
      const own = await buildImage(['COPY bot.cjs .'], { 'bot.cjs': STUBBORN })
      const engine = await endingEngine()
      const { child, ended, out } = labOn(own, { DOCKER_HOST: engine.address })
      try {
        await expect.poll(() => containersOf(own.name, 'running'), PATIENCE).toHaveLength(1)
        engine.end()
        expect(await ended).toBe(5)
        expect(out()).toContain('the Docker engine has gone, and its container with it (see that Docker runs')
        // What cannot be removed any more does not run, either.
        expect(await containersOf(own.name, 'running')).toEqual([])
      } finally {
        child.kill('SIGKILL')
        await own.remove()
      }
    },
    TIMEOUT_MS,
  )
})

/** The lab as a process that leads a group, as a terminal starts it, with a target that ignores SIGTERM. */
function labOn({ name }: BuiltImage, variables: Readonly<Record<string, string>>) {
  const words = [...REAL.split(' '), '--target', 'node bot.cjs', '--target-image', name]
  const child = spawn(process.execPath, [LAB_MAIN, ...words], {
    cwd: temporaryFolder(),
    env: { ...process.env, ...variables },
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, ended, out: () => text }
}
