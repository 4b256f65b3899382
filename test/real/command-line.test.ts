/** The simulator as a person uses it: its words, its exit codes, Ctrl-C, and its own violent end. */

import { createServer } from 'node:net'
import { release } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CLI_PATIENCE as PATIENCE, runSim as run, untilUp } from './cli-bench.ts'
import { fakeEngine } from './fake-engine.ts'
import { TARGETS, leftFolders, leftProcesses } from './sim-bench.ts'

describe('wrong words', () => {
  it.each([
    ['', 2, /no command was given[\s\S]*mend: .*-- node server\.js/],
    ['--size huge -- node app.mjs', 2, /'huge' is invalid[\s\S]*eco, basic/],
    ['--port 70000 -- node app.mjs', 2, /0 to 65535/],
    ['--compress 0 -- node app.mjs', 2, /number from 1 up/],
    ['--preboot -- node app.mjs', 2, /basic dynos cannot preboot/],
    ['--app /nowhere -- node app.mjs', 2, /no folder \/nowhere/],
    ['--env 1X -- node app.mjs', 2, /NAME or NAME=value/],
    ['--env NOT_SET_ANYWHERE -- node app.mjs', 2, /NOT_SET_ANYWHERE is not set/],
    ['--config-vars /nowhere -- node app.mjs', 2, /config vars cannot be read/],
    ['--sise eco -- node app.mjs', 2, /unknown option '--sise'/],
    ['--dyno container -- node app.mjs', 2, /a container needs an image/],
    ['--image x -- node app.mjs', 2, /for containers only/],
    ['--mount . -- node app.mjs', 2, /for containers only/],
    ['--dyno pod -- node app.mjs', 2, /'pod' is invalid[\s\S]*process, container/],
    ['-- no-such-program', 127, /command not found: no-such-program/],
    ['-- ./app.mjs', 126, /not executable[\s\S]*chmod/],
  ])('%s: exit code %i and one message', async (words, exitCode, message) => {
    const sim = run(words)
    expect(await sim.exitCode).toBe(exitCode)
    expect(sim.err()).toMatch(message)
    expect(sim.err().trim().split('\n')).toHaveLength(3)
    expect(sim.out()).toBe('')
  })

  it('a port that is taken: exit code 5', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const sim = run(`--port ${port} -- node app.mjs`)
    expect(await sim.exitCode).toBe(5)
    expect(sim.err()).toContain(`cannot listen on 127.0.0.1:${port}`)
  })

  it('--help shows options, commands and exit codes', async () => {
    const sim = run('--help')
    expect(await sim.exitCode).toBe(0)
    expect(sim.out()).toMatch(/--memory-model[\s\S]*scale 0[\s\S]*Exit codes/)
  })
})

describe('a container that cannot be had: exit code 5 and one message', () => {
  const UP = { '/_ping': {}, '/info': { KernelVersion: release() } }

  it.each([
    ['without an engine', undefined, /no Docker engine answers[\s\S]*start Docker/],
    ['without rights', { '/_ping': 403 }, /does not answer to this user[\s\S]*group docker/],
    [
      'on another machine',
      { '/_ping': {}, '/info': { KernelVersion: '1.0' } },
      /another machine, real or virtual: its kernel is 1\.0/,
    ],
    ['without the image', UP, /does not hold the image nowhere:1[\s\S]*docker build -t nowhere:1/],
    [
      'without the folder to mount',
      { ...UP, '/images/nowhere%3A1/json': {} },
      /there is no \/nowhere to mount/,
    ],
  ])('%s', async (_, answers, message) => {
    const DOCKER_HOST = answers === undefined ? 'unix:///nowhere.sock' : await fakeEngine(answers)
    const words = '--dyno container --image nowhere:1 --mount /nowhere -- node app.mjs'
    const sim = run(words, { DOCKER_HOST })
    expect(await sim.exitCode).toBe(5)
    expect(sim.err()).toMatch(message)
    expect(sim.err().trim().split('\n')).toHaveLength(3)
    expect(sim.out()).toBe('')
  })

  it('an image that names no command, where none is given', async () => {
    const image = { Config: { Entrypoint: null, Cmd: null } }
    const DOCKER_HOST = await fakeEngine({ ...UP, '/images/nowhere%3A1/json': image })
    const sim = run('--dyno container --image nowhere:1', { DOCKER_HOST })
    expect(await sim.exitCode).toBe(5)
    expect(sim.err()).toMatch(/names no command[\s\S]*-- node server\.js/)
  })
})

describe('a run', () => {
  it('prints the log of Heroku, obeys stdin, and exits 0', async () => {
    const sim = run(`--env GREETING=hi -- 'exec node app.mjs graceful'`)
    await untilUp(sim)
    sim.say('nonsense')
    sim.say('restart')
    await expect.poll(sim.out, PATIENCE).toMatch(/starting to up[\s\S]*Restarting[\s\S]*starting to up/)
    sim.say('quit')
    expect(await sim.exitCode).toBe(0)
    expect(sim.err()).toContain('unknown command')
    for (const line of sim.out().trim().split('\n')) {
      expect(line).toMatch(
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00 (heroku|app|heroku-sim)\[[\w.]+\]: ./,
      )
    }
  })

  it('ends by itself where that is asked for, and in order on Ctrl-C', async () => {
    const timed = run('--for 1 -- node app.mjs graceful')
    expect(await timed.exitCode).toBe(0)
    const interrupted = run('-- node app.mjs graceful')
    await untilUp(interrupted)
    interrupted.signal('SIGINT')
    expect(await interrupted.exitCode).toBe(0)
    expect(interrupted.out()).toMatch(/SIGTERM 1[\s\S]*Process exited with status 0/)
  })

  it('of a program that ends at once shows the cool-off and exits 1', async () => {
    const sim = run('-- node app.mjs exit 7')
    await expect.poll(sim.out, PATIENCE).toMatch(/status 7[\s\S]*Crash 2 in a row: cool-off of [\d.]+ min\n/)
    sim.signal('SIGINT')
    expect(await sim.exitCode).toBe(1)
  })

  it('that ignores SIGTERM ends at once on a second Ctrl-C: exit code 130', async () => {
    const sim = run('-- node app.mjs ignore-sigterm')
    await untilUp(sim)
    sim.signal('SIGINT')
    await expect.poll(sim.out, PATIENCE).toContain('SIGTERM ignored')
    sim.signal('SIGINT')
    expect(await sim.exitCode).toBe(130)
    expect(sim.out()).toContain('Process exited with status 137')
  })

  it('leaves nothing even when the simulator itself is killed', async () => {
    const sim = run('-- node app.mjs with-daemon')
    await untilUp(sim)
    sim.signal('SIGKILL')
    await sim.exitCode
    await expect.poll(() => leftFolders(sim.pid), PATIENCE).toEqual([])
    expect(leftProcesses(sim.pid)).toEqual([])
  })

  it('takes the command from the Procfile', async () => {
    const sim = run(`--app ${join(TARGETS, 'with-procfile')} --for 1`)
    expect(await sim.exitCode).toBe(1)
    expect(sim.out()).toContain('Starting process with command `echo from the Procfile on $DYNO`')
    expect(sim.out()).toContain('app[web.1]: from the Procfile on web.1')
  })
})
