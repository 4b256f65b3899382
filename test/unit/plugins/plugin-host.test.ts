/** When a plugin host is started, ended and killed, and what becomes of the commands that it had. */

import { beforeEach, describe, expect, it } from 'vitest'
import { errorCodeOf } from '../../../src/errors.ts'
import { readToHost } from '../../../src/plugins/host-messages.ts'
import type { FromHost, ToHost } from '../../../src/plugins/host-messages.ts'
import type { CommandEffect } from '../../../src/plugins/plugin.ts'
import { PluginHost } from '../../../src/plugins/plugin-host.ts'
import type { ChildExit, ChildProcessSpawner } from '../../../src/ports/child-process.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

type SpawnOptions = Parameters<ChildProcessSpawner['spawn']>[0]
const PLUGIN_TIMEOUT_MS = 14_000
const PONG_MS = 1_000
const IDLE_MS = 60_000

/** A host that does what the test tells it, and ends when it is killed. */
class ScriptedHost {
  readonly heard: ToHost[] = []
  hasEnded = false
  /** Answers pings, as one does whose event loop turns. */
  isTurning = true
  readonly #options: SpawnOptions

  constructor(options: SpawnOptions) {
    this.#options = options
  }

  hears(raw: unknown): void {
    const message = readToHost(JSON.parse(JSON.stringify(raw)))
    if (message === undefined || this.hasEnded) return
    this.heard.push(message)
    if (message.type === 'ping' && this.isTurning) this.says({ type: 'pong' })
  }

  /** The numbers of the commands that it was given. */
  get ids(): number[] {
    return this.heard.flatMap((message) => (message.type === 'run' ? [message.id] : []))
  }

  says(message: FromHost): void {
    this.#options.onMessage(message)
  }

  ends(exit: Partial<ChildExit> = {}): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.#options.onExit({ exitCode: undefined, signal: undefined, spawnError: undefined, ...exit })
  }
}

let clock: ManualClock
let logger: RecordingLogger
let hosts: ScriptedHost[]
let host: PluginHost

beforeEach(() => {
  clock = new ManualClock()
  logger = new RecordingLogger()
  hosts = []
  const spawner: ChildProcessSpawner = {
    spawn: (options) => {
      const scripted = new ScriptedHost(options)
      hosts.push(scripted)
      return {
        id: hosts.length,
        send: (message) => scripted.hears(message),
        kill: () => scripted.ends({ signal: 'SIGKILL' }),
        cpuTimeMs: () => 0,
      }
    },
  }
  const settings = { answerWithinMs: PLUGIN_TIMEOUT_MS, pongWithinMs: PONG_MS, idleMs: IDLE_MS }
  host = new PluginHost({ clock, logger, spawner, settings })
})

/** The outcome as it will be: a text, or the code or name of the error. */
function run(name: string, effect: CommandEffect = 'repeatable') {
  const plugin = { name, summary: 'does it', effect, module: `file:///${name}/index.js` }
  const seen: { outcome: string | undefined } = { outcome: undefined }
  host.run(plugin, { args: '', chat: 'c', participant: '', sentAtMs: 0 }).then(
    (text) => (seen.outcome = text ?? 'nothing'),
    (error: unknown) => (seen.outcome = errorCodeOf(error) ?? (error instanceof Error ? error.name : '?')),
  )
  return seen
}

const begun = (at: number, id: number): void => hosts[at]?.says({ type: 'begun', id })
const done = (at: number, id: number, text: string): void => hosts[at]?.says({ type: 'done', id, text })

describe('a plugin host', () => {
  it('is started at the first command, serves the next ones, and is ended when idle for a minute', async () => {
    expect(hosts).toHaveLength(0)
    const first = run('dice')
    done(0, 1, 'four')
    await clock.advance(IDLE_MS - 1)
    const second = run('dice')
    done(0, 2, 'six')
    await clock.advance(IDLE_MS - 1)
    expect([first.outcome, second.outcome, hosts.length, host.isRunning]).toEqual(['four', 'six', 1, true])
    await clock.advance(1)
    expect([host.isRunning, clock.pendingLabels()]).toEqual([false, []])
    run('dice')
    expect(hosts).toHaveLength(2)
  })

  it('is ended for its memory when idle, and left alone at work', async () => {
    const seen = run('dice')
    begun(0, 1)
    await host.reclaimer.reclaim()
    expect(host.isRunning).toBe(true)
    done(0, 1, 'four')
    await settle()
    await host.reclaimer.reclaim()
    expect([seen.outcome, host.isRunning, clock.pendingLabels()]).toEqual(['four', false, []])
  })

  it('is ended in an emergency also at work, and its commands with it', async () => {
    const [atWork, waiting] = [run('a', 'once'), run('b')]
    begun(0, 1)
    await host.end()
    await settle()
    expect([atWork.outcome, waiting.outcome, host.isRunning]).toEqual(['plugin-ended', 'aborted', false])
    expect(hosts).toHaveLength(1)
  })

  it('stops for good, twice at will, and leaves nothing', async () => {
    const seen = run('a')
    await Promise.all([host.stop(), host.stop()])
    const late = run('b')
    await settle()
    expect([seen.outcome, late.outcome, hosts.length]).toEqual(['aborted', 'aborted', 1])
    expect(clock.pendingLabels()).toEqual([])
  })
})

describe('a plugin', () => {
  it('that throws fails its own command only', async () => {
    const [bad, good] = [run('bad'), run('good')]
    hosts[0]?.says({ type: 'failed', id: 1, kind: 'RangeError', at: 'at run (bad/index.js:1:1)' })
    done(0, 2, 'well')
    await settle()
    expect([bad.outcome, good.outcome, host.isRunning]).toEqual(['RangeError', 'well', true])
    expect(logger.lines.map(({ event }) => event)).toContain('plugins.failed')
  })

  it('that never answers, but lets others work, is given up alone', async () => {
    const [bad, good] = [run('bad'), run('good')]
    begun(0, 1)
    await clock.advance(10_000)
    begun(0, 2)
    await clock.advance(PLUGIN_TIMEOUT_MS - 10_000 + PONG_MS)
    done(0, 2, 'well')
    done(0, 1, 'late')
    await settle()
    expect([bad.outcome, good.outcome, hosts.length, hosts[0]?.hasEnded]).toEqual([
      'timed-out',
      'well',
      1,
      false,
    ])
  })

  it('that blocks the event loop is killed with its host, and the others run in the next one', async () => {
    const [bad, waiting] = [run('bad'), run('waiting', 'once')]
    const host0 = hosts[0]
    if (host0 !== undefined) host0.isTurning = false
    begun(0, 1)
    await clock.advance(PLUGIN_TIMEOUT_MS + PONG_MS)
    expect([bad.outcome, hosts.length, hosts[1]?.ids]).toEqual(['timed-out', 2, [2]])
    done(1, 2, 'well')
    await settle()
    expect(waiting.outcome).toBe('well')
    expect(logger.lines.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['plugins.host-hung', 'plugins.host-ended']),
    )
  })

  it('is run again once after a hang of another, and what is marked once never', async () => {
    run('bad')
    begun(0, 1)
    await clock.advance(5_000)
    const [harmless, once] = [run('harmless'), run('careful', 'once')]
    begun(0, 2)
    begun(0, 3)
    if (hosts[0] !== undefined) hosts[0].isTurning = false
    await clock.advance(PLUGIN_TIMEOUT_MS - 5_000 + PONG_MS)
    expect([hosts[1]?.ids, once.outcome]).toEqual([[2], 'plugin-ended'])
    done(1, 2, 'well')
    await settle()
    expect(harmless.outcome).toBe('well')
  })

  it('that ends its process fails; what had not begun runs in the next one', async () => {
    const [atWork, waiting] = [run('a'), run('b')]
    begun(0, 1)
    hosts[0]?.ends({ signal: 'SIGSEGV' })
    done(1, 2, 'well')
    await settle()
    expect([atWork.outcome, waiting.outcome, hosts[1]?.ids]).toEqual(['plugin-ended', 'well', [2]])
  })

  it('is given up when no host can be started', async () => {
    const seen = run('a')
    hosts[0]?.ends({ spawnError: 'EAGAIN' })
    expect(hosts).toHaveLength(2)
    hosts[1]?.ends({ spawnError: 'EAGAIN' })
    await settle()
    expect([seen.outcome, hosts.length]).toEqual(['aborted', 2])
  })

  it('may send what it likes: only messages of ours are heard', async () => {
    const seen = run('a')
    for (const raw of [null, 'x', { type: 'done' }, { type: 'done', id: 99, text: 'x' }, { type: 'exit' }])
      hosts[0]?.says(raw as FromHost)
    done(0, 1, 'well')
    await settle()
    expect(seen.outcome).toBe('well')
  })
})
