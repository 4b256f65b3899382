/**
 * What the supervisor remembers for those who ask, and the lines it logs: one for each thing that happened.
 * It decides nothing.
 */

import type { BotStatus } from '../bot-status.ts'
import type { BotProcessState, BotView, ProcessEnd, SupervisorView } from '../health/health-source.ts'
import type { ChildExit } from '../ports/child-process.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { SupervisorEffect, SupervisorState } from './supervisor-machine.ts'
import type { WatchdogVerdict } from './watchdog.ts'

type Heartbeat = 'none' | 'timely' | 'late' | 'starved'

interface Heard {
  readonly status: BotStatus
  readonly pairingCode: string | undefined
}

export class SupervisorRecord {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #bootedMs: number
  readonly #restarts: Record<string, number> = {}
  #botProcess: BotProcessState = 'waiting'
  #changedMs: number
  #heartbeat: Heartbeat = 'none'
  #beat: (Heard & { readonly atMs: number }) | undefined
  #nextStartMs: number | undefined
  #lastExit: ChildExit | undefined
  #lastEnd: ProcessEnd | undefined

  constructor(deps: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = deps.clock
    this.#logger = deps.logger
    this.#bootedMs = deps.clock.monotonicMs()
    this.#changedMs = this.#bootedMs
  }

  view(): SupervisorView {
    const nowMs = this.#clock.monotonicMs()
    const nextStartMs = this.#botProcess === 'waiting' ? this.#nextStartMs : undefined
    return {
      uptimeMs: nowMs - this.#bootedMs,
      botProcess: this.#botProcess,
      inStateMs: nowMs - this.#changedMs,
      nextStartInMs: nextStartMs === undefined ? undefined : Math.max(0, nextStartMs - nowMs),
      heartbeatAgeMs: this.#beat === undefined ? undefined : nowMs - this.#beat.atMs,
      restarts: { ...this.#restarts },
      lastEnd: this.#lastEnd,
    }
  }

  bot(): BotView | undefined {
    if (this.#beat === undefined) return undefined
    const { status, pairingCode, atMs } = this.#beat
    return { status, pairingCode, ageMs: this.#clock.monotonicMs() - atMs }
  }

  /** To be called after every change of the supervisor's state. */
  stateIs({ status }: SupervisorState): void {
    const botProcess = botProcessState(status, this.#heartbeat)
    if (botProcess === this.#botProcess) return
    this.#botProcess = botProcess
    this.#changedMs = this.#clock.monotonicMs()
  }

  started(pid: number): void {
    this.#heartbeat = 'none'
    this.#logger.info('supervisor.bot-started', { pid })
  }

  heard({ status, pairingCode, latenessMs }: Heard & { readonly latenessMs: number }): void {
    if (this.#heartbeat === 'late' || this.#heartbeat === 'starved')
      this.#logger.info('supervisor.bot-heard-again', { latenessMs: Math.round(latenessMs) })
    this.#heartbeat = 'timely'
    this.#beat = { status, pairingCode, atMs: this.#clock.monotonicMs() }
  }

  /** One line when it becomes late, and one for each step further. */
  looked(verdict: WatchdogVerdict): void {
    if (verdict.status === 'alive') return
    const silentMs = Math.round(verdict.silentMs)
    if (verdict.status === 'hung') {
      this.#logger.error('supervisor.bot-hung', { silentMs, evidence: verdict.evidence })
    } else if (verdict.status !== this.#heartbeat) {
      this.#heartbeat = verdict.status
      this.#logger.warn(`supervisor.bot-${verdict.status}`, { silentMs })
    }
  }

  ended(exit: ChildExit): void {
    this.#beat = undefined
    this.#heartbeat = 'none'
    this.#lastExit = exit
    const { exitCode, signal, spawnError } = exit
    this.#logger.info('supervisor.bot-ended', { exitCode, signal, spawnError })
  }

  waits({ kind, uptimeMs, delay }: Extract<SupervisorEffect, { type: 'wait' }>): void {
    const { exitCode, signal } = this.#lastExit ?? { exitCode: undefined, signal: undefined }
    this.#restarts[kind] = (this.#restarts[kind] ?? 0) + 1
    this.#lastEnd = { reason: kind, exitCode, signal, atMs: this.#clock.nowMs() }
    this.#nextStartMs = this.#clock.monotonicMs() + delay.delayMs
    const fields = { kind, uptimeMs: Math.round(uptimeMs), delayMs: delay.delayMs, why: delay.why }
    if (kind === 'recycled') this.#logger.info('supervisor.restarting', fields)
    else this.#logger.warn('supervisor.restarting', fields)
  }
}

function botProcessState(status: SupervisorState['status'], heartbeat: Heartbeat): BotProcessState {
  switch (status) {
    case 'running':
      if (heartbeat === 'none') return 'starting'
      return heartbeat === 'timely' ? 'running' : 'stalled'
    case 'ending':
    case 'stopping':
      return 'ending'
    case 'waiting':
      return 'waiting'
    case 'over':
      return 'stopped'
    default:
      return status satisfies never
  }
}
