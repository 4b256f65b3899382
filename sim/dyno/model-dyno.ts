/**
 * One boot of the web dyno, from its start to its end: starting → up → stopping → ended, each step but the
 * first may be missing. Owns the boot limit, the 30 s after SIGTERM, memory sampling, hangs, starvation and
 * the dyno's clock; what follows its end is the formation's matter (heroku-dyno.ts).
 */

import { DynoClock } from '../world/dyno-clock.ts'
import { SeededSecureRandom } from '../world/prng.ts'
import type { PrngStreams } from '../world/prng.ts'
import type { ScheduledEvent, Scheduler } from '../world/scheduler.ts'
import type { Trace, TraceData } from '../world/trace.ts'
import { drawClockErrors, drawRepeatedSigtermMs } from './dyno-draws.ts'
import type { ClockErrors } from './dyno-draws.ts'
import type { DynoContext, DynoProgram, RunningProgram } from './dyno-program.ts'
import type { HerokuRules } from './heroku-rules.ts'
import { MemorySampler } from './memory-sampler.ts'
import { isCeilingReached, judgeMemory, memoryFigures } from './memory-verdict.ts'

export type DynoState = 'starting' | 'up' | 'stopping' | 'ended'
export type StartReason = 'first-boot' | 'restart' | 'deploy' | 'cycling' | 'crash' | 'hardware-fault'
export type SigtermReason = 'restart' | 'deploy' | 'cycling'
export type KillReason = 'r10' | 'r12' | 'r15' | 'hardware-fault'

export interface DynoEnd {
  readonly cause: 'exit' | KillReason
  /** How long it had been up; undefined when it never was. */
  readonly upForMs: number | undefined
}

export interface ModelDynoOptions {
  readonly scheduler: Scheduler
  readonly trace: Trace
  readonly streams: PrngStreams
  readonly rules: HerokuRules
  readonly clockErrors: ClockErrors
  readonly program: DynoProgram
  /** 1 for the first boot of a run. */
  readonly bootNumber: number
  readonly release: number
  readonly reason: StartReason
  /** Told once, when everything in the dyno has ended. */
  onEnd(end: DynoEnd): void
}

/** Exit status of a process ended by SIGKILL. */
const SIGKILL_STATUS = 137

export class ModelDyno {
  readonly dynoId: string
  readonly #options: ModelDynoOptions
  readonly #clock: DynoClock
  readonly #sampler: MemorySampler
  readonly #clockErrors: { readonly skewMs: number; readonly driftPpm: number }
  #state: DynoState = 'starting'
  #program: RunningProgram | undefined
  #upAtMs: number | undefined
  /** An end is scheduled at the present time. */
  #isDoomed = false
  #starved = { untilMs: 0, timerDelayMs: 0 }
  #hungUntilMs = 0
  /** What is to be cancelled at the end; a few per boot. */
  readonly #events: ScheduledEvent[] = []
  #bootLimit: ScheduledEvent | undefined

  constructor(options: ModelDynoOptions) {
    this.#options = options
    this.dynoId = `web.1#${options.bootNumber}`
    this.#clockErrors = drawClockErrors(options.clockErrors, this.#stream('clock'))
    this.#clock = new DynoClock({ bootedAtMs: options.scheduler.nowMs, ...this.#clockErrors })
    this.#sampler = new MemorySampler({
      scheduler: options.scheduler,
      stream: this.#stream('sampler'),
      rules: options.rules,
      onSample: () => this.#sample(),
    })
  }

  get state(): DynoState {
    return this.#state
  }

  start(): void {
    const { release, reason, rules, program } = this.#options
    const bootUuid = new SeededSecureRandom(this.#stream('boot')).uuid()
    this.#record('dyno.starting', { bootUuid, release, reason, ...this.#clockErrors })
    this.#bootLimit = this.#later('dyno.boot-limit', rules.bootLimitMs, () => {
      this.#record('dyno.r10', {})
      this.kill('r10')
    })
    this.#sampler.start()
    this.#program = program.start(this.#context(bootUuid))
  }

  /** SIGTERM, perhaps a second one (surely, when its time is given), and SIGKILL when the time is over. */
  terminate(reason: SigtermReason, repeatedAfterMs?: number): void {
    if (this.#state === 'ended' || this.#state === 'stopping') return
    const { rules } = this.#options
    this.#state = 'stopping'
    this.#bootLimit?.cancel()
    this.#record('dyno.sigterm', { reason })
    this.#later('dyno.exit-limit', rules.terminationMs, () => {
      this.#record('dyno.r12', {})
      this.kill('r12')
    })
    const repeatMs = repeatedAfterMs ?? drawRepeatedSigtermMs(rules, this.#stream('sigterm'))
    if (repeatMs !== undefined) {
      this.#later('dyno.sigterm-repeated', repeatMs, () => {
        this.#record('dyno.sigterm-repeated', {})
        this.#program?.terminate()
      })
    }
    this.#program?.terminate()
  }

  /** SIGKILL now; only from an event of the world, never from inside one of the dyno's processes. */
  kill(reason: KillReason): void {
    if (this.#state === 'ended') return
    this.#record('dyno.sigkill', { reason })
    this.#end(reason, SIGKILL_STATUS)
  }

  /** SIGKILL in an event of its own at the present time, so that whoever asks may be in a process. */
  killSoon(reason: KillReason): void {
    this.#doom(() => this.kill(reason))
  }

  hang(forMs: number): void {
    const { scheduler } = this.#options
    this.#record('dyno.hang', { forMs })
    this.#hungUntilMs = Math.max(this.#hungUntilMs, scheduler.nowMs + forMs)
    this.#program?.hang()
    this.#later('dyno.resume', forMs, () => {
      if (scheduler.nowMs >= this.#hungUntilMs) this.#program?.resume()
    })
  }

  /** Delays each timer of its processes; a later starvation replaces an earlier one. */
  starve(forMs: number, timerDelayMs: number): void {
    this.#record('dyno.starve', { forMs, timerDelayMs })
    this.#starved = { untilMs: this.#options.scheduler.nowMs + forMs, timerDelayMs }
  }

  stepClock(byMs: number): void {
    this.#record('dyno.clock-step', { byMs })
    this.#clock.stepMs(byMs)
  }

  /** R15 at once when the hard limit is reached; cheap, for every step of a balloon. */
  checkCeiling(): void {
    const { rules } = this.#options
    if (this.#state === 'ended' || this.#isDoomed || this.#program === undefined) return
    const use = this.#program.memoryBytes()
    if (!isCeilingReached(rules, use)) return
    this.#record('dyno.r15', { ...memoryFigures(rules, use) })
    this.killSoon('r15')
  }

  /** Ends it without a word: the run is over. */
  dispose(): void {
    if (this.#state === 'ended') return
    this.#clear()
  }

  #context(bootUuid: string): DynoContext {
    return {
      dynoId: this.dynoId,
      bootUuid,
      clock: this.#clock,
      timerDelayMs: () =>
        this.#options.scheduler.nowMs < this.#starved.untilMs ? this.#starved.timerDelayMs : 0,
      bindPort: () => this.#bound(),
      exited: (status) => this.#doom(() => this.#end('exit', status)),
    }
  }

  #bound(): void {
    if (this.#state !== 'starting') return
    this.#state = 'up'
    this.#upAtMs = this.#options.scheduler.nowMs
    this.#bootLimit?.cancel()
    this.#record('dyno.up', {})
  }

  #sample(): void {
    const { rules } = this.#options
    const use = this.#program?.memoryBytes()
    if (use === undefined) return
    const figures = memoryFigures(rules, use)
    this.#record('dyno.memory', { ...figures })
    const verdict = judgeMemory(rules, use)
    if (verdict === 'fine') return
    this.#record(`dyno.${verdict}`, { ...figures })
    if (verdict === 'r15') this.kill('r15')
  }

  /** The first of several ends at one time is the one that counts. */
  #doom(end: () => void): void {
    if (this.#state === 'ended' || this.#isDoomed) return
    this.#isDoomed = true
    this.#later('dyno.end', 0, end)
  }

  #end(cause: DynoEnd['cause'], status: number): void {
    const { scheduler } = this.#options
    const wasStopping = this.#state === 'stopping'
    this.#clear()
    this.#record('dyno.exited', { status, isExpected: wasStopping })
    this.#options.onEnd({
      cause,
      upForMs: this.#upAtMs === undefined ? undefined : scheduler.nowMs - this.#upAtMs,
    })
  }

  #clear(): void {
    this.#state = 'ended'
    this.#sampler.stop()
    for (const event of this.#events) event.cancel()
    this.#program?.kill()
    this.#program = undefined
  }

  #later(label: string, delayMs: number, action: () => void): ScheduledEvent {
    const event = this.#options.scheduler.schedule(label, delayMs, action)
    this.#events.push(event)
    return event
  }

  #record(kind: string, data: TraceData): void {
    const { trace, scheduler } = this.#options
    trace.record({ atMs: scheduler.nowMs, source: 'dyno', kind, data: { dynoId: this.dynoId, ...data } })
  }

  #stream(purpose: string): ReturnType<PrngStreams['stream']> {
    return this.#options.streams.stream(`dyno/${this.#options.bootNumber}/${purpose}`)
  }
}
