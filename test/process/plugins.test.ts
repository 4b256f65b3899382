/** Plugins in real processes: good ones, broken ones, and what is left of them afterwards. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SystemChildProcessSpawner } from '../../src/adapters/system-child-process.ts'
import { SystemClock } from '../../src/adapters/system-clock.ts'
import { readPluginFolder } from '../../src/adapters/system-plugin-folder.ts'
import { errorCodeOf } from '../../src/errors.ts'
import { pluginCommands } from '../../src/plugins/plugin-commands.ts'
import { PluginHost } from '../../src/plugins/plugin-host.ts'
import { botFixture } from '../support/bot-fixture.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { freePort } from '../../sim/free-port.ts'
import { DynoProcess, PRODUCTION_MAIN, goneFor, kill } from './support/dyno-process.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'blacksky-plugins-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, code: string, effect = 'repeatable', file = 'index.js'): void {
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, 'plugin.json'), JSON.stringify({ summary: `does ${name}`, effect }))
  writeFileSync(join(folder, name, file), code)
}

const HELLO = 'export const run = ({ args }) => `hello ${args}`'
const STUCK = 'export function run() { for (;;); }'

describe('a plugin host of real processes', () => {
  let host: PluginHost
  const logger = new RecordingLogger()

  beforeEach(() => {
    const spawner = new SystemChildProcessSpawner({
      module: new URL('../../src/plugin-main.ts', import.meta.url),
      nodeFlags: ['--max-old-space-size=64'],
      withheld: ['SECRET_FOR_TEST'],
    })
    const settings = { answerWithinMs: 2_000, pongWithinMs: 1_000, idleMs: 60_000 }
    host = new PluginHost({ clock: new SystemClock(), logger, spawner, settings })
    process.env['SECRET_FOR_TEST'] = 'hush'
  })
  afterEach(async () => {
    delete process.env['SECRET_FOR_TEST']
    await host.stop()
  })

  /** The text of the answer, or the code or kind of the error. */
  async function run(name: string, args = ''): Promise<string | undefined> {
    const command = pluginCommands({ logger, host }, readPluginFolder(folder)).find(
      (each) => each.name === name,
    )
    try {
      return await command?.run({ args, chat: 'c', participant: '', sentAtMs: 0 })
    } catch (error) {
      return errorCodeOf(error) ?? (error instanceof Error ? error.name : 'unknown')
    }
  }

  it('answers, in JavaScript and in TypeScript, at once and later', async () => {
    write('hello', HELLO)
    write(
      'typed',
      'export const run = async (request: { args: string }) => request.args.length + ""',
      'once',
      'index.ts',
    )
    write('silent', 'export const run = () => undefined')
    expect([await run('hello', 'anna'), await run('typed', 'anna'), await run('silent')]).toEqual([
      'hello anna',
      '4',
      undefined,
    ])
  })

  it.each([
    ['throws', 'export const run = () => { throw new RangeError("anna") }', 'RangeError'],
    ['rejects', 'export const run = async () => { throw new RangeError("anna") }', 'RangeError'],
    ['does not parse', 'export const run = (', 'SyntaxError'],
    ['throws when it is loaded', 'throw new RangeError("anna"); export const run = () => ""', 'RangeError'],
    ['exports no function', 'export const ran = 1', 'TypeError'],
    ['answers with no text', 'export const run = () => 7', 'TypeError'],
    ['means to end its process', 'export const run = () => process.exit(1)', 'Error'],
    ['never answers', 'export const run = () => new Promise(() => {})', 'timed-out'],
    [
      'fails beside its answer',
      'export const run = async () => { Promise.reject(new Error()); return "well" }',
      'well',
    ],
    ['aborts', 'export const run = () => process.abort()', 'plugin-ended'],
    [
      'takes all memory',
      'export const run = () => { const all = []; for (;;) all.push({}) }',
      'plugin-ended',
    ],
    ['computes without end', STUCK, 'timed-out'],
  ])('outlives a plugin that %s', async (_, code, outcome) => {
    write('bad', code)
    write('hello', HELLO)
    expect(await run('bad')).toBe(outcome)
    expect(await run('hello', 'anna')).toBe('hello anna')
    expect(JSON.stringify(logger.lines)).not.toContain('RangeError: anna')
  })

  it('lets nobody wait longer than it takes to end the one that hangs', async () => {
    write('bad', STUCK)
    write('hello', HELLO, 'once')
    const bad = run('bad')
    expect([await run('hello', 'anna'), await bad]).toEqual(['hello anna', 'timed-out'])
  })

  it('gives no secret away', async () => {
    write('env', 'export const run = () => process.env.SECRET_FOR_TEST ?? "none"')
    expect(await run('env')).toBe('none')
  })

  it('takes up an edited plugin', async () => {
    write('hello', HELLO)
    expect(await run('hello', 'anna')).toBe('hello anna')
    write('hello', 'export const run = () => "changed"')
    expect(await run('hello', 'anna')).toBe('changed')
  })
})

describe('the dyno', () => {
  const fixtureOf = botFixture()

  it('answers by plugins, apologises for broken ones, and leaves none behind when its bot is killed', async () => {
    write('hello', HELLO)
    write('pid', 'export const run = () => `pid ${process.pid}`')
    write('boom', 'export const run = () => { throw new Error() }')
    write('stuck', STUCK)
    write('env', 'export const run = () => `database ${process.env.DATABASE_URL ?? "unknown"}`')
    const fixture = await fixtureOf()
    const account = fixture.whatsapp.addAccount()
    await fixture.link(account)
    const [anna, bob] = [fixture.whatsapp.addContact(), fixture.whatsapp.addContact()]
    const dyno = await DynoProcess.start(PRODUCTION_MAIN, {
      DATABASE_URL: fixture.databaseUrl,
      WHATSAPP_URL: fixture.whatsapp.url,
      SESSION_ID: fixture.sessionId,
      HEALTH_CHECK_PORT: String(await freePort()),
      SEND_GAP_MS: '0',
      PLUGIN_FOLDER: folder,
    })
    try {
      await dyno.event('connection.open')
      await anna.say('.hello anna', { to: account })
      await anna.inbox.waitFor('hello anna')
      await anna.say('.env', { to: account })
      await anna.inbox.waitFor('database unknown')
      await anna.say('.boom', { to: account })
      await anna.inbox.waitFor('Sorry, this could not be done.')
      await anna.say('.help', { to: account })
      await anna.inbox.waitFor(({ text }) => text?.includes('.hello: does hello') === true)
      await anna.say('.pid', { to: account })
      const { text } = await anna.inbox.waitFor((message) => message.text?.startsWith('pid ') === true)
      // A plugin that computes for ever: its process is the only one that does not notice its bot's end.
      await bob.say('.stuck', { to: account })
      await anna.say('.ping', { to: account })
      await anna.inbox.waitFor('pong')
      kill(await dyno.botPid(), 'SIGKILL')
      await goneFor(Number(text?.slice(4)))
      await dyno.event('connection.open', 1)
      expect(dyno.events('plugins.failed')).toMatchObject([{ command: 'boom', error: 'Error' }])
    } finally {
      await dyno.dispose()
    }
  })
})
