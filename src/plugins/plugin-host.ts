/**
 * Runs plugins in a process of their own, which is started at the first command and ended when idle, when memory is
 * short or when a plugin hangs: ending it is what unloads plugins. A plugin that throws fails its own command only.
 * One that does not answer in time is given up; when it also keeps the event loop from turning, the host is killed,
 * and what the others had waiting is run in the next one, unless it might have been done already. Surprising: the
 * host is always killed, never asked, as there is nothing that it would have to put in order.
 */

import { AppError } from '../errors.ts'
import type { ChildExit, ChildProcess, ChildProcessSpawner } from '../ports/child-process.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Reclaimer } from '../ports/reclaimer.ts'
import { readFromHost } from './host-messages.ts'
import type { FromHost, ToHost } from './host-messages.ts'
import type { CommandRequest } from './plugin.ts'
import type { Plugin } from './plugin-manifest.ts'

export interface PluginHostDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly spawner: ChildProcessSpawner
  readonly settings: PluginHostSettings
}

export interface PluginHostSettings {
  /** A plugin that has not answered by then is given up. */
  readonly answerWithinMs: number
  /** A host that does not answer a ping by then hangs. */
  readonly pongWithinMs: number
  /** A host without a command for so long is ended. */
  readonly idleMs: number
}

/** A command that no host has begun twice is given up. */
const MAX_SENDS = 2

interface Call {
  readonly id: number
  readonly plugin: Plugin
  readonly request: CommandRequest
  readonly outcome: PromiseWithResolvers<string | undefined>
  sends: number
  hasBegun: boolean
  timer: Timer | undefined
}

interface Host {
  readonly process: ChildProcess
  readonly ended: PromiseWithResolvers<void>
}

export class PluginHost {
  /** Cheap: the next command of a plugin waits for a fresh host. One at work is left alone. */
  readonly reclaimer: Reclaimer = { name: 'plugin-host', cost: 5, reclaim: () => this.#endIfIdle() }
  readonly #deps: PluginHostDeps
  readonly #calls = new Map<number, Call>()
  #nextId = 1
  #host: Host | undefined
  /** The host is being killed because it hangs: what a plugin may safely repeat is repeated in the next one. */
  #isHung = false
  #pong: Timer | undefined
  #idle: Timer | undefined
  #isStopped = false

  constructor(deps: PluginHostDeps) {
    this.#deps = deps
  }

  get isRunning(): boolean {
    return this.#host !== undefined
  }

  /**
   * The plugin's answer.
   * @throws Error whatever the plugin threw, by its kind alone; AppError `timed-out`; `plugin-ended` when the host
   * ended while the plugin was at work; `aborted` when it did not get to work
   */
  run(plugin: Plugin, request: CommandRequest): Promise<string | undefined> {
    if (this.#isStopped) return Promise.reject(new AppError('aborted', 'the bot stops'))
    this.#idle?.cancel()
    const outcome = Promise.withResolvers<string | undefined>()
    const call: Call = {
      id: this.#nextId++,
      plugin,
      request,
      outcome,
      sends: 0,
      hasBegun: false,
      timer: undefined,
    }
    this.#calls.set(call.id, call)
    this.#send(call)
    return outcome.promise
  }

  /** Ends the host at once, whatever it is doing. May be called at any time. */
  async end(): Promise<void> {
    for (const call of this.#calls.values()) this.#giveUp(call)
    await this.#kill()
  }

  /** No further command is run; resolves when the host has ended. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.end()
    this.#idle?.cancel()
  }

  #send(call: Call): void {
    this.#host ??= this.#start()
    call.sends += 1
    call.hasBegun = false
    this.#setTimer(call)
    this.#tell({ type: 'run', id: call.id, module: call.plugin.module, request: call.request })
  }

  #start(): Host {
    const host: Host = {
      ended: Promise.withResolvers<void>(),
      process: this.#deps.spawner.spawn({
        env: {},
        onMessage: (message) => {
          if (this.#host === host) this.#heard(readFromHost(message))
        },
        onExit: (exit) => {
          host.ended.resolve()
          if (this.#host === host) this.#ended(exit)
        },
      }),
    }
    this.#deps.logger.debug('plugins.host-started', { pid: host.process.id })
    return host
  }

  #heard(message: FromHost | undefined): void {
    if (message === undefined) return
    const { logger } = this.#deps
    if (message.type === 'pong') return this.#pong?.cancel()
    if (message.type === 'uncaught')
      return logger.warn('plugins.uncaught', { error: message.kind, at: message.at })
    const call = this.#calls.get(message.id)
    // Given up meanwhile: its late outcome is ignored.
    if (call === undefined) return
    switch (message.type) {
      case 'begun':
        call.hasBegun = true
        return this.#setTimer(call)
      case 'done':
        this.#forget(call)
        return call.outcome.resolve(message.text)
      case 'failed': {
        const { kind, at } = message
        logger.warn('plugins.failed', { command: call.plugin.name, error: kind, at })
        return this.#reject(call, Object.assign(new Error('the plugin failed'), { name: kind }))
      }
      default:
        return message satisfies never
    }
  }

  #setTimer(call: Call): void {
    call.timer?.cancel()
    call.timer = this.#deps.clock.setTimer('plugins.answer', this.#deps.settings.answerWithinMs, () =>
      this.#expired(call),
    )
  }

  #expired(call: Call): void {
    if (call.hasBegun || call.sends >= MAX_SENDS)
      this.#reject(call, new AppError('timed-out', `${call.plugin.name}: no answer in time`))
    else this.#setTimer(call)
    this.#pong?.cancel()
    this.#pong = this.#deps.clock.setTimer('plugins.pong', this.#deps.settings.pongWithinMs, () => {
      this.#isHung = true
      this.#deps.logger.warn('plugins.host-hung', { command: call.plugin.name })
      void this.#kill()
    })
    this.#tell({ type: 'ping' })
  }

  #ended({ exitCode, signal, spawnError }: ChildExit): void {
    const wasHung = this.#isHung
    this.#host = undefined
    this.#isHung = false
    this.#pong?.cancel()
    const calls = [...this.#calls.values()]
    if (calls.length > 0)
      this.#deps.logger.warn('plugins.host-ended', {
        exitCode,
        signal,
        spawnError,
        commands: calls.map(({ plugin }) => plugin.name),
      })
    for (const call of calls) {
      const isHarmless = !call.hasBegun || (wasHung && call.plugin.effect === 'repeatable')
      if (isHarmless && call.sends < MAX_SENDS && !this.#isStopped) this.#send(call)
      else this.#giveUp(call)
    }
  }

  #giveUp(call: Call): void {
    const { name } = call.plugin
    this.#reject(
      call,
      call.hasBegun
        ? new AppError('plugin-ended', `${name}: its process ended while it was at work`)
        : new AppError('aborted', `${name}: its process ended before it was at work`),
    )
  }

  #reject(call: Call, error: Error): void {
    this.#forget(call)
    call.outcome.reject(error)
  }

  #forget(call: Call): void {
    call.timer?.cancel()
    this.#calls.delete(call.id)
    if (this.#calls.size > 0) return
    this.#idle?.cancel()
    this.#idle = this.#deps.clock.setTimer(
      'plugins.idle',
      this.#deps.settings.idleMs,
      () => void this.#endIfIdle(),
    )
  }

  async #endIfIdle(): Promise<void> {
    if (this.#calls.size === 0) await this.#kill()
  }

  async #kill(): Promise<void> {
    this.#pong?.cancel()
    this.#idle?.cancel()
    const host = this.#host
    host?.process.kill('SIGKILL')
    await host?.ended.promise
  }

  #tell(message: ToHost): void {
    this.#host?.process.send(message)
  }
}
