/**
 * Heroku's dyno manager for one app with `web=1`, over virtual time: which dyno runs, what follows when one
 * ends, and the faults that strike the present one. One boot's own life is model-dyno.ts. Surprising: old
 * and new dyno run at once on every restart, and both believe they are `web.1`.
 */

import type { PrngStreams } from '../world/prng.ts'
import type { ScheduledEvent, Scheduler } from '../world/scheduler.ts'
import type { Trace } from '../world/trace.ts'
import { coolOffMs, crashesInRow } from './cool-off.ts'
import { drawCycleMs } from './dyno-draws.ts'
import type { ClockErrors } from './dyno-draws.ts'
import type { DynoProgram } from './dyno-program.ts'
import type { HerokuRules } from './heroku-rules.ts'
import { ModelDyno } from './model-dyno.ts'
import type { DynoEnd, SigtermReason, StartReason } from './model-dyno.ts'

export interface HerokuModelOptions {
  readonly scheduler: Scheduler
  readonly trace: Trace
  /** Chance by name: `dyno/<boot number>/<purpose>`, `dyno/start-gap`, `dyno/cool-off`. */
  readonly streams: PrngStreams
  readonly rules: HerokuRules
  readonly program: DynoProgram
  readonly clockErrors: ClockErrors
  /** False leaves out the daily restart. */
  readonly hasDailyCycling: boolean
}

export class HerokuModel {
  readonly #options: HerokuModelOptions
  /** The newest dyno, while it is neither stopping nor ended. */
  #current: ModelDyno | undefined
  /** SIGTERM was sent, not ended yet; oldest first. */
  #stopping: ModelDyno[] = []
  #nextStart: ScheduledEvent | undefined
  /** Without overlap: what waits for the last stopping dyno's end. */
  #startWhenEnded: StartReason | undefined
  #cycle: ScheduledEvent | undefined
  #boots = 0
  #release = 1
  #crashes = 0
  #isStopped = false

  constructor(options: HerokuModelOptions) {
    this.#options = options
  }

  /** The dyno that a fault would strike now: the newest that has not ended; undefined between two. */
  get currentDynoId(): string | undefined {
    return this.#struck()?.dynoId
  }

  /** Boots the first dyno, in an event of its own. */
  start(): void {
    this.#startAfter(0, 'first-boot')
  }

  /**
   * `heroku restart`: SIGTERM to the present dyno, a new one beside it; ends a cool-off. Returns whether there
   * was a dyno to restart, as all faults do.
   */
  restart(sigtermRepeatedAfterMs?: number): boolean {
    return this.#command(() => this.#replace('restart', sigtermRepeatedAfterMs))
  }

  /** A new release: as `restart`. */
  deploy(): boolean {
    return this.#command(() => {
      this.#release += 1
      this.#replace('deploy')
    })
  }

  /** SIGKILL of the present dyno without warning, as its host's fault does; another one is started. */
  killNow(): boolean {
    return this.#strike((dyno) => dyno.killSoon('hardware-fault'))
  }

  /** Suspends the processes of the present dyno. Returns, as all faults do, whether there was one. */
  hang(forMs: number): boolean {
    return this.#strike((dyno) => dyno.hang(forMs))
  }

  starve(forMs: number, timerDelayMs: number): boolean {
    return this.#strike((dyno) => dyno.starve(forMs, timerDelayMs))
  }

  /** Steps the wall clock of the present dyno. */
  stepClock(byMs: number): boolean {
    return this.#strike((dyno) => dyno.stepClock(byMs))
  }

  /** To be called whenever memory has grown suddenly. */
  checkCeiling(): void {
    for (const dyno of this.#stopping) dyno.checkCeiling()
    this.#current?.checkCeiling()
  }

  /** Ends everything without a trace event. May be called twice; nothing is scheduled afterwards. */
  stop(): void {
    this.#isStopped = true
    this.#nextStart?.cancel()
    this.#cycle?.cancel()
    for (const dyno of this.#stopping) dyno.dispose()
    this.#stopping = []
    this.#current?.dispose()
    this.#current = undefined
  }

  #struck(): ModelDyno | undefined {
    return this.#current ?? this.#stopping.at(-1)
  }

  #strike(fault: (dyno: ModelDyno) => void): boolean {
    const dyno = this.#struck()
    if (this.#isStopped || dyno === undefined) return false
    fault(dyno)
    return true
  }

  /** In an event of its own, so that it may be given from inside a process's call. */
  #command(action: () => void): boolean {
    if (this.#isStopped) return false
    const hasDyno = this.#current !== undefined
    this.#options.scheduler.schedule('dyno.command', 0, () => {
      if (!this.#isStopped) action()
    })
    return hasDyno
  }

  #replace(reason: SigtermReason, sigtermRepeatedAfterMs?: number): void {
    const old = this.#current
    this.#crashes = 0
    this.#nextStart?.cancel()
    this.#cycle?.cancel()
    this.#current = undefined
    if (old !== undefined) {
      this.#stopping.push(old)
      old.terminate(reason, sigtermRepeatedAfterMs)
    }
    if (this.#options.rules.isOverlapping || this.#stopping.length === 0) this.#startAfterGap(reason)
    else this.#startWhenEnded = reason
  }

  #startAfterGap(reason: StartReason): void {
    const { rules, streams } = this.#options
    this.#startAfter(streams.stream('dyno/start-gap').integer(0, rules.startGapMaxMs), reason)
  }

  #startAfter(delayMs: number, reason: StartReason): void {
    this.#nextStart = this.#options.scheduler.schedule('dyno.start', delayMs, () => this.#boot(reason))
  }

  #boot(reason: StartReason): void {
    const { scheduler, streams, rules, hasDailyCycling } = this.#options
    this.#boots += 1
    const bootNumber = this.#boots
    const dyno: ModelDyno = new ModelDyno({
      ...this.#options,
      bootNumber,
      release: this.#release,
      reason,
      onEnd: (end) => this.#ended(dyno, end),
    })
    this.#current = dyno
    if (hasDailyCycling) {
      const cycleMs = drawCycleMs(rules, streams.stream(`dyno/${bootNumber}/cycle`))
      this.#cycle = scheduler.schedule('dyno.cycle', cycleMs, () => this.#replace('cycling'))
    }
    dyno.start()
  }

  #ended(dyno: ModelDyno, end: DynoEnd): void {
    if (dyno === this.#current) {
      this.#current = undefined
      this.#cycle?.cancel()
      this.#restartAfter(dyno, end)
      return
    }
    this.#stopping = this.#stopping.filter((other) => other !== dyno)
    if (this.#startWhenEnded === undefined || this.#stopping.length > 0) return
    this.#startAfterGap(this.#startWhenEnded)
    this.#startWhenEnded = undefined
  }

  /** Nobody asked it to end: a crash, or its host's fault. */
  #restartAfter(dyno: ModelDyno, end: DynoEnd): void {
    const { rules, streams, trace, scheduler } = this.#options
    if (end.cause === 'hardware-fault' && !rules.isHardwareFaultCrash) {
      this.#startAfter(rules.crashRestartMs, 'hardware-fault')
      return
    }
    this.#crashes = crashesInRow(rules, this.#crashes, end.upForMs)
    const waitMs = coolOffMs(rules, this.#crashes, streams.stream('dyno/cool-off'))
    if (waitMs > 0) {
      const data = { dynoId: dyno.dynoId, minutes: waitMs / 60_000, crashes: this.#crashes }
      trace.record({ atMs: scheduler.nowMs, source: 'dyno', kind: 'dyno.cool-off', data })
    }
    this.#startAfter(waitMs + rules.crashRestartMs, 'crash')
  }
}
