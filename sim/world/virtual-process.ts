/**
 * A process of the virtual world. It owns all its ports: when it is killed, no callback of its runs, none of
 * its promises resolves and nothing of its is sent any more. A hang or a stall parks its callbacks until it goes on.
 * A port called after the kill is a bug of the lab or of the bot, and fails the run.
 */

import assert from 'node:assert/strict'
import { errorMessageOf } from '../../src/errors.ts'
import type { Clock, Timer } from '../../src/ports/clock.ts'
import type { DynoClock } from './dyno-clock.ts'
import type { Scheduler } from './scheduler.ts'
import { watchedBy } from './tripwire.ts'

/** `exiting`: it called its own exit and must not do anything more; its calls are dropped silently. */
export type ProcessState = 'running' | 'hung' | 'exiting' | 'dead'

export interface VirtualProcessOptions {
  readonly id: string
  readonly scheduler: Scheduler
  readonly dynoClock: DynoClock
  /** Extra delay of each timer while the dyno's CPU is starved, ms; 0 normally. */
  timerDelayMs(): number
  /** A port was called after the kill, or an error was caught by nobody: the run has failed. */
  onMisdeed(message: string): void
}

export class VirtualProcess implements Clock {
  readonly id: string
  readonly #scheduler: Scheduler
  readonly #dynoClock: DynoClock
  readonly #timerDelayMs: () => number
  readonly #onMisdeed: (message: string) => void
  readonly #timers = new Map<number, string>()
  #nextTimer = 0
  #state: ProcessState = 'running'
  #stalls = 0
  #parked: (() => void)[] = []
  readonly #runWatched: (action: () => void) => void
  readonly #misused = new Set<string>()
  #endListeners: (() => void)[] = []

  constructor(options: VirtualProcessOptions) {
    this.id = options.id
    this.#scheduler = options.scheduler
    this.#dynoClock = options.dynoClock
    this.#timerDelayMs = () => options.timerDelayMs()
    this.#onMisdeed = (message) => options.onMisdeed(message)
    this.#runWatched = watchedBy({ onForbidden: (message) => this.#misuse(message) })
  }

  get state(): ProcessState {
    return this.#state
  }

  get isAlive(): boolean {
    return this.#state === 'running' || this.#state === 'hung'
  }

  nowMs(): number {
    this.assertUsable('clock.nowMs')
    return this.#dynoClock.wallMs(this.#scheduler.nowMs)
  }

  monotonicMs(): number {
    this.assertUsable('clock.monotonicMs')
    return this.#dynoClock.monotonicMs(this.#scheduler.nowMs)
  }

  setTimer(label: string, delayMs: number, callback: () => void): Timer {
    assert(Number.isFinite(delayMs) && delayMs >= 0, `timer ${label}: delay ${delayMs} ms`)
    if (!this.assertUsable(`clock.setTimer(${label})`)) return { cancel: () => undefined }
    const id = this.#nextTimer++
    this.#timers.set(id, label)
    const worldDelayMs = this.#dynoClock.worldDelayMs(delayMs) + this.#timerDelayMs()
    const event = this.#scheduler.schedule(label, worldDelayMs, () => {
      this.deliver(() => {
        if (this.#timers.delete(id)) callback()
      })
    })
    return {
      cancel: () => {
        this.#timers.delete(id)
        event.cancel()
      },
    }
  }

  /** Runs a callback inside the process: now, when it goes on after a hang, or never when it is dead. */
  deliver(callback: () => void): void {
    if (!this.isAlive) return
    if (this.#canRun && this.#parked.length === 0) {
      this.#run(callback)
      return
    }
    // What came during a hang comes first.
    this.#parked.push(callback)
    if (this.#canRun) this.#runParkedSoon()
  }

  /**
   * For every port: true when the call may go on, false when the process has ended itself and the call is
   * to be dropped. Throws when somebody acts in the name of a killed process.
   */
  assertUsable(port: string): boolean {
    if (this.#state === 'dead') {
      this.#onMisdeed(`port ${port} was called after the process was dead`)
      assert.fail(`port ${port} of the dead process ${this.id} was called`)
    }
    return this.#state !== 'exiting'
  }

  /** The process ends itself: nothing it does after this counts. `finish` follows when its chains have run. */
  beginExit(): void {
    if (this.#state === 'running') this.#state = 'exiting'
  }

  /** Ends it from outside, or completes an exit. */
  kill(): void {
    if (this.#state === 'dead') return
    this.#state = 'dead'
    this.#timers.clear()
    this.#parked = []
    for (const listener of this.#endListeners) listener()
    this.#endListeners = []
  }

  /** Told once when the process is dead; for sockets and other things of the world that hang on it. */
  onEnd(listener: () => void): void {
    this.#endListeners.push(listener)
  }

  hang(): void {
    if (this.#state === 'running') this.#state = 'hung'
  }

  /** Goes on after a hang: what waited runs in its order, in separate events. */
  resume(): void {
    if (this.#state !== 'hung') return
    this.#state = 'running'
    this.#runAllParkedSoon()
  }

  /**
   * Its thread is busy for so long, as with a collection: what it is doing now goes on, all else waits.
   * @param onOver told in the world, not in the process
   */
  stall(forMs: number, onOver: () => void): void {
    this.#stalls += 1
    this.#scheduler.schedule('stall', forMs, () => {
      this.#stalls -= 1
      onOver()
      this.#runAllParkedSoon()
    })
  }

  /** What it is and what it waits for, in words. */
  describe(): string {
    const timers = [...this.pendingTimers()].map(([label, count]) => `${count} × ${label}`)
    const held = this.#parked.length === 0 ? '' : `, ${this.#parked.length} callbacks held back`
    return `${this.id} is ${this.#state} with ${timers.length === 0 ? 'no timer' : timers.join(', ')}${held}`
  }

  /** Timers set and neither fired nor cancelled, by label: for leak checks. */
  pendingTimers(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const label of this.#timers.values()) counts.set(label, (counts.get(label) ?? 0) + 1)
    return counts
  }

  get #canRun(): boolean {
    return this.#state === 'running' && this.#stalls === 0
  }

  #runAllParkedSoon(): void {
    if (!this.#canRun) return
    for (let count = this.#parked.length; count > 0; count -= 1) this.#runParkedSoon()
  }

  /** The one that has waited longest, in an event of its own. */
  #runParkedSoon(): void {
    this.#scheduler.schedule('after-hang', 0, () => {
      const callback = this.#canRun ? this.#parked.shift() : undefined
      if (callback !== undefined) this.#run(callback)
    })
  }

  #run(callback: () => void): void {
    try {
      this.#runWatched(callback)
    } catch (error) {
      this.#onMisdeed(`uncaught: ${errorMessageOf(error)}`)
    }
  }

  /** Said once of each: a loop would say it for ever. */
  #misuse(message: string): void {
    if (this.#misused.has(message)) return
    this.#misused.add(message)
    this.#onMisdeed(message)
  }
}
