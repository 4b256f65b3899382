/**
 * Keeps one bot process alive inside the dyno: performs what supervisor-machine.ts decides, looks after the
 * heartbeat (watchdog.ts) and the dyno's memory (memory-guard.ts), and passes questions on. Owns the child
 * and all timers. Surprising: it never decides by the bot's status, only by heartbeats, CPU time, memory and
 * ends; the status is kept for those who ask.
 */

import type { BotView, SupervisorView } from '../health/health-source.ts'
import type { ChildExit, ChildProcess, ChildProcessSpawner } from '../ports/child-process.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { DynoExit } from '../ports/exit.ts'
import type { Logger } from '../ports/logger.ts'
import type { MemoryProbe } from '../ports/memory-probe.ts'
import type { Random } from '../ports/random.ts'
import { AppError, errorMessageOf } from '../errors.ts'
import { BotQuestions } from './bot-questions.ts'
import { BELOW_THE_LINE, guardMemory } from './memory-guard.ts'
import { readFromBot, toMessage } from './process-messages.ts'
import type { BotAnswer, BotQuestion, ToBot } from './process-messages.ts'
import { NO_STARTS } from './restart-policy.ts'
import { transition } from './supervisor-machine.ts'
import type { SupervisorEffect, SupervisorEvent, SupervisorMachine } from './supervisor-machine.ts'
import { SupervisorRecord } from './supervisor-record.ts'
import type { SupervisorSettings } from './supervisor-settings.ts'
import { heard, look, watchFrom } from './watchdog.ts'
import type { WatchdogReading, WatchdogState } from './watchdog.ts'

export interface SupervisorDeps {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly spawner: ChildProcessSpawner
  readonly memoryProbe: Pick<MemoryProbe, 'sample'>
  readonly exit: DynoExit
  readonly settings: SupervisorSettings
  /** Given to each bot process beside the supervisor's own environment. */
  readonly botEnv: Readonly<Record<string, string>>
}

export class Supervisor {
  readonly #deps: SupervisorDeps
  readonly #questions: BotQuestions
  readonly #record: SupervisorRecord
  #machine: SupervisorMachine = { state: { status: 'waiting' }, restarts: NO_STARTS, unspawnable: 0 }
  #child: ChildProcess | undefined
  #watch: WatchdogState
  #guard = BELOW_THE_LINE
  /** The wait before a start, or the patience with a process that is to end. */
  #pending: Timer | undefined
  #lookTimer: Timer | undefined
  #memoryTimer: Timer | undefined

  constructor(deps: SupervisorDeps) {
    this.#deps = deps
    this.#questions = new BotQuestions(deps, deps.settings.answerTimeoutMs)
    this.#record = new SupervisorRecord(deps)
    this.#watch = watchFrom(deps.clock.monotonicMs())
  }

  /** Starts the first bot process, at once. */
  start(): void {
    this.#handle({ type: 'start-due' })
    this.#measure()
  }

  /** SIGTERM: the bot is asked to stop in order, and the dyno left when it has. May be called twice. */
  terminate(): void {
    this.#deps.logger.info('supervisor.terminating', { state: this.#machine.state.status })
    this.#handle({ type: 'terminate' })
  }

  view(): SupervisorView {
    return this.#record.view()
  }

  /** The last status of the present bot process; undefined before its first heartbeat and after its end. */
  bot(): BotView | undefined {
    return this.#record.bot()
  }

  /**
   * Asks the living bot.
   * @throws AppError `aborted` without a bot or when it ends meanwhile, `timed-out`, `queue-full`
   */
  ask(question: BotQuestion): Promise<BotAnswer> {
    if (this.#machine.state.status !== 'running')
      return Promise.reject(new AppError('aborted', 'no bot process is running'))
    return this.#questions.ask((id) => this.#send({ type: 'question', id, question }))
  }

  #handle(event: SupervisorEvent): void {
    const { clock, random, settings } = this.#deps
    const context = { nowMs: clock.monotonicMs(), random, settings: settings.restart }
    const { machine, effects } = transition(this.#machine, event, context)
    this.#machine = machine
    this.#record.stateIs(machine.state)
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: SupervisorEffect): void {
    const { settings, exit, logger } = this.#deps
    switch (effect.type) {
      case 'spawn':
        return this.#spawn()
      case 'ask':
        this.#send({ type: effect.what })
        return this.#setPending('supervisor.patience', settings.endTimeoutMs, { type: 'patience-over' })
      case 'kill':
        logger.warn('supervisor.bot-killed', { state: this.#machine.state.status })
        this.#setPending('supervisor.unkillable', settings.killTimeoutMs, { type: 'unkillable' })
        this.#child?.kill('SIGKILL')
        return
      case 'wait':
        this.#record.waits(effect)
        return this.#setPending('supervisor.restart', effect.delay.delayMs, { type: 'start-due' })
      case 'leave':
        this.#release()
        logger.info('supervisor.left', { reason: effect.reason })
        return exit.exit(effect.reason)
      default:
        return effect satisfies never
    }
  }

  #spawn(): void {
    const { spawner, clock, botEnv, settings } = this.#deps
    this.#pending?.cancel()
    const child: ChildProcess = spawner.spawn({
      env: botEnv,
      onMessage: (message) => {
        if (this.#child === child) this.#heard(message)
      },
      onExit: (exit) => {
        if (this.#child === child) this.#ended(exit)
      },
    })
    this.#child = child
    this.#watch = watchFrom(clock.monotonicMs())
    this.#guard = BELOW_THE_LINE
    this.#record.started(child.id)
    this.#lookTimer = clock.setTimer('supervisor.look', settings.watchdog.lookIntervalMs, () => this.#look())
  }

  #heard(raw: unknown): void {
    const message = readFromBot(raw)
    switch (message?.type) {
      case 'heartbeat':
        this.#watch = heard(this.#reading())
        this.#record.heard(message)
        return this.#record.stateIs(this.#machine.state)
      case 'answer':
        return this.#questions.answered(message.id, message.answer)
      case undefined:
        return this.#deps.logger.warn('supervisor.message-unknown')
      default:
        return message satisfies never
    }
  }

  #ended(exit: ChildExit): void {
    this.#child = undefined
    this.#lookTimer?.cancel()
    this.#pending?.cancel()
    this.#questions.abandon()
    this.#record.ended(exit)
    this.#handle({ type: 'ended', exit })
  }

  #look(): void {
    const { clock, settings } = this.#deps
    this.#lookTimer = clock.setTimer('supervisor.look', settings.watchdog.lookIntervalMs, () => this.#look())
    if (this.#machine.state.status !== 'running') return
    const { state, verdict } = look(this.#watch, this.#reading(), settings.watchdog)
    this.#watch = state
    this.#record.looked(verdict)
    this.#record.stateIs(this.#machine.state)
    if (verdict.status === 'hung') this.#handle({ type: 'hung' })
  }

  #reading(): WatchdogReading {
    return { nowMs: this.#deps.clock.monotonicMs(), cpuMs: this.#child?.cpuTimeMs() }
  }

  #measure(): void {
    const { clock, logger, settings } = this.#deps
    this.#memoryTimer = clock.setTimer('supervisor.memory', settings.memoryIntervalMs, () => this.#measure())
    const usedBytes = this.#usedBytes()
    if (usedBytes === undefined) return
    const sample = { usedBytes, nowMs: clock.monotonicMs() }
    const { state, order } = guardMemory(this.#guard, sample, settings.memory)
    this.#guard = state
    const isLiving = this.#child !== undefined
    if (order === 'none' || !isLiving) return
    logger.warn('supervisor.memory', { order, usedBytes, quotaBytes: settings.memory.quotaBytes })
    this.#handle({ type: 'memory', order })
  }

  /** Undefined when measuring fails: that is logged and decides nothing. */
  #usedBytes(): number | undefined {
    try {
      return this.#deps.memoryProbe.sample().usedBytes
    } catch (error) {
      this.#deps.logger.warn('supervisor.measuring-failed', { reason: errorMessageOf(error) })
      return undefined
    }
  }

  #send(message: ToBot): void {
    this.#child?.send(toMessage(message))
  }

  #setPending(label: string, delayMs: number, event: SupervisorEvent): void {
    this.#pending?.cancel()
    this.#pending = this.#deps.clock.setTimer(label, delayMs, () => this.#handle(event))
  }

  #release(): void {
    this.#pending?.cancel()
    this.#lookTimer?.cancel()
    this.#memoryTimer?.cancel()
    this.#questions.abandon()
  }
}
