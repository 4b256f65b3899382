/**
 * Which dyno of an app runs: boots, replacements, crashes with their cool-off, sleep, preboot. heroku-sim.ts
 * puts router, log and commands around it. As on Heroku, old and new dyno run at once on every restart, and
 * both believe they are `web.1`.
 */

import { coolOffMs, crashesInRow } from '../cool-off.ts'
import { drawCycleMs } from '../dyno-draws.ts'
import type { SigtermReason } from '../model-dyno.ts'
import type { AppState, DynoEnd, RealSigtermReason, RealStartReason } from './dyno-event.ts'
import type { DynoSite } from './dyno-site.ts'
import { RealDyno } from './real-dyno.ts'
import { coolOffLine } from './log-line.ts'
import type { RouterBackend } from './router-backend.ts'

export interface FormationOptions {
  readonly site: DynoSite
  readonly hasPreboot: boolean
  readonly hasDailyCycling: boolean
  /** Goes to sleep without requests. */
  readonly isSleeping: boolean
  /** How much calendar waits are divided by; only for the log. */
  readonly compress: number
  /** The daily restart is due. */
  onCycle(): void
  /** What stands behind the router has changed. */
  onChange(): void
}

export class Formation {
  readonly #options: FormationOptions
  #state: AppState = 'down'
  #current: RealDyno | undefined
  /** Serves until the preboot is over. */
  #previous: RealDyno | undefined
  #isAsleep = false
  #isStopped = false
  readonly #living = new Set<RealDyno>()
  #boots = 0
  #crashes = 0
  #timers: Record<'start' | 'cycle' | 'sleep' | 'preboot', NodeJS.Timeout | undefined> = {
    start: undefined,
    cycle: undefined,
    sleep: undefined,
    preboot: undefined,
  }
  #lastRequestAtMs = performance.now()

  constructor(options: FormationOptions) {
    this.#options = options
  }

  get state(): AppState {
    return this.#state
  }

  /** Boots, where nothing runs. */
  start(reason: 'first-boot' | 'scale'): void {
    if (this.#state !== 'down' || this.#isStopped) return
    this.#crashes = 0
    this.#isAsleep = false
    this.#startNow(reason)
  }

  /** A new dyno in the place of the present one; also ends a cool-off and a sleep. Returns whether there was one. */
  replace(reason: SigtermReason): boolean {
    if (this.#isStopped || (this.#state === 'down' && !this.#isAsleep)) return false
    const { site, hasPreboot } = this.#options
    const { rules } = site
    const old = this.#current
    this.#clearTimers()
    this.#crashes = 0
    this.#isAsleep = false
    if (hasPreboot && old?.isUp === true) {
      this.#previous?.terminate(reason)
      this.#previous = old
      this.#boot(reason)
      this.#timers.preboot = setTimeout(
        () => this.#endPreboot(reason),
        rules.bootLimitMs + rules.prebootExtraMs,
      )
      return true
    }
    this.#current = undefined
    this.#setState('starting')
    this.#previous?.terminate(reason)
    this.#previous = undefined
    old?.terminate(reason)
    const gapMs = site.streams.stream('dyno/start-gap').integer(0, rules.startGapMaxMs)
    if (rules.isOverlapping) this.#startAfter(gapMs, reason)
    else void this.#allEnded().then(() => this.#startAfter(gapMs, reason))
    return old !== undefined
  }

  /** The present dyno, or between two the newest that still stops. Returns whether there was one. */
  killNow(): boolean {
    return [...this.#living].toReversed().some((dyno) => dyno.killNow())
  }

  killAll(): void {
    for (const dyno of this.#living) dyno.killNow()
  }

  /** Ends all dynos in order; resolves when nothing of them is left. */
  async takeDown(reason: 'scale'): Promise<void> {
    this.#isAsleep = false
    this.#terminateAll(reason)
    await this.#allEnded()
  }

  /** As `takeDown`, for good. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.takeDown('scale')
  }

  /** True when it woke a sleeping app. */
  requestArrived(): boolean {
    this.#lastRequestAtMs = performance.now()
    if (!this.#isAsleep || this.#isStopped) return false
    this.#isAsleep = false
    this.#options.site.log('heroku', 'Unidling')
    this.#startNow('wake')
    return true
  }

  backend(): RouterBackend {
    const serving = this.#previous ?? this.#current
    if (serving?.isUp === true) return { kind: 'up', port: serving.port }
    switch (this.#state) {
      case 'crashed':
        return { kind: 'crashed' }
      case 'down':
        return { kind: 'scaled-down' }
      case 'starting':
      case 'up':
        return { kind: 'starting' }
      default:
        return this.#state satisfies never
    }
  }

  /** The router turns to the new dynos, whatever they do by then; the old ones end. */
  #endPreboot(reason: RealSigtermReason): void {
    const old = this.#previous
    this.#previous = undefined
    this.#options.onChange()
    old?.terminate(reason)
  }

  #startAfter(delayMs: number, reason: RealStartReason): void {
    if (this.#isStopped) return
    this.#timers.start = setTimeout(() => this.#boot(reason), delayMs)
  }

  #startNow(reason: RealStartReason): void {
    this.#setState('starting')
    this.#boot(reason)
  }

  #boot(reason: RealStartReason): void {
    const { site, hasDailyCycling } = this.#options
    const bootNumber = (this.#boots += 1)
    const dyno: RealDyno = new RealDyno({
      site,
      bootNumber,
      reason,
      onBound: () => this.#bound(dyno),
      onEnd: (end) => this.#ended(dyno, end),
    })
    this.#current = dyno
    this.#living.add(dyno)
    if (hasDailyCycling) {
      const cycleMs = drawCycleMs(site.rules, site.streams.stream(`dyno/${bootNumber}/cycle`))
      this.#timers.cycle = setTimeout(() => this.#options.onCycle(), cycleMs)
    }
    void dyno.ended.then(() => this.#living.delete(dyno))
    void dyno.start()
  }

  #bound(dyno: RealDyno): void {
    if (dyno !== this.#current) return
    this.#setState('up')
    this.#lastRequestAtMs = performance.now()
    if (this.#options.isSleeping) this.#sleepWhenIdle()
  }

  #ended(dyno: RealDyno, end: DynoEnd): void {
    if (dyno === this.#previous) this.#previous = undefined
    if (dyno !== this.#current || this.#isStopped) return
    const { site, compress } = this.#options
    const { rules, streams } = site
    this.#current = undefined
    clearTimeout(this.#timers.cycle)
    clearTimeout(this.#timers.sleep)
    this.#setState('crashed')
    if (end.cause === 'hardware-fault' && !rules.isHardwareFaultCrash) {
      this.#setState('starting')
      this.#startAfter(rules.crashRestartMs, 'hardware-fault')
      return
    }
    this.#crashes = crashesInRow(rules, this.#crashes, end.upForMs)
    const waitMs = coolOffMs(rules, this.#crashes, streams.stream('dyno/cool-off'))
    site.emit({ kind: 'cool-off', crashes: this.#crashes, waitMs })
    if (waitMs > 0) site.log('heroku-sim', coolOffLine(this.#crashes, waitMs, compress))
    this.#timers.start = setTimeout(() => {
      this.#setState('starting')
      this.#startAfter(rules.crashRestartMs, 'crash')
    }, waitMs)
  }

  #sleepWhenIdle(): void {
    const idleMs = performance.now() - this.#lastRequestAtMs
    const leftMs = this.#options.site.rules.sleepAfterMs - idleMs
    if (leftMs > 0) {
      this.#timers.sleep = setTimeout(() => this.#sleepWhenIdle(), leftMs)
      return
    }
    this.#options.site.log('heroku', 'Idling')
    this.#isAsleep = true
    this.#terminateAll('idle')
  }

  async #allEnded(): Promise<void> {
    await Promise.all([...this.#living].map((dyno) => dyno.ended))
  }

  #terminateAll(reason: RealSigtermReason): void {
    this.#clearTimers()
    this.#current = undefined
    this.#previous = undefined
    this.#setState('down')
    for (const dyno of this.#living) dyno.terminate(reason)
  }

  #setState(to: AppState): void {
    const from = this.#state
    if (from === to) return
    this.#state = to
    const { site } = this.#options
    // The first boot has no state before it that a log would show.
    if (this.#boots > 0) site.log('heroku', `State changed from ${from} to ${to}`)
    site.emit({ kind: 'state', from, to, boot: this.#boots })
    this.#options.onChange()
  }

  #clearTimers(): void {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer)
  }
}
