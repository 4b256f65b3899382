/**
 * One boot of the web dyno over real processes: preparing → starting → up → ended, stopping at any time. Owns
 * the boot limit, SIGTERM with its 30 s, and the memory rules; where its files and processes are is housing/'s
 * matter, what follows its end formation.ts's. Surprising: the end of the first process ends the dyno, and
 * whatever it left running is killed.
 */

import { randomUUID } from 'node:crypto'
import { errorMessageOf } from '../../../src/errors.ts'
import { drawRepeatedSigtermMs } from '../dyno-draws.ts'
import type { KillReason } from '../model-dyno.ts'
import type { DynoEnd, RealSigtermReason, RealStartReason } from './dyno-event.ts'
import { DynoMemory } from './dyno-memory.ts'
import { signalAll, sweepAll } from './dyno-processes.ts'
import type { DynoProcesses } from './dyno-processes.ts'
import type { DynoSite } from './dyno-site.ts'
import { createHousing } from './housing/create-housing.ts'
import type { DynoHousing, RunningDyno } from './housing/dyno-housing.ts'
import { freePort } from '../../free-port.ts'
import { portBinding } from './listening-port.ts'
import { ERROR_LINES } from './log-line.ts'

export interface RealDynoOptions {
  readonly site: DynoSite
  readonly bootNumber: number
  readonly reason: RealStartReason
  /** The app listens where the router reaches it. */
  onBound(): void
  /** No process is left; its files may still be. */
  onEnd(end: DynoEnd): void
}

const SIGKILL_STATUS = 137
const BIND_POLL_MS = 25

export class RealDyno {
  readonly #options: RealDynoOptions
  readonly #housing: DynoHousing
  readonly #wiped = Promise.withResolvers<void>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #state: 'preparing' | 'starting' | 'up' | 'ended' = 'preparing'
  #stopping: RealSigtermReason | undefined
  #killed: KillReason | undefined
  #port = 0
  #upAtMs: number | undefined
  #running: RunningDyno | undefined
  #memory: DynoMemory | undefined

  constructor(options: RealDynoOptions) {
    this.#options = options
    this.#housing = createHousing(options.site, options.bootNumber)
  }

  /** Resolves once, when no process and no file of this boot is left. */
  get ended(): Promise<void> {
    return this.#wiped.promise
  }

  get isUp(): boolean {
    return this.#state === 'up' && this.#stopping === undefined
  }

  get port(): number {
    return this.#port
  }

  /** Makes its files and starts it. A machine that cannot do that ends the dyno with status 1. */
  async start(): Promise<void> {
    try {
      await this.#housing.prepare()
      this.#port = await freePort()
      if (this.#stopping === undefined && this.#killed === undefined) await this.#launch()
      else await this.#finish(0, 0)
    } catch (error) {
      this.#hostFailed(`The dyno could not be prepared: ${errorMessageOf(error)}`)
      await this.#finish(1, 0)
    }
  }

  /** SIGTERM to every process, perhaps once more, and SIGKILL when the time is over. */
  terminate(reason: RealSigtermReason): void {
    if (this.#state === 'ended' || this.#stopping !== undefined) return
    this.#stopping = reason
    if (this.#running !== undefined) this.#beginTermination(reason)
  }

  /** SIGKILL without a word, as a failing host does. Returns false when it had ended, or was being killed. */
  killNow(): boolean {
    return this.#kill('hardware-fault')
  }

  #beginTermination(reason: RealSigtermReason): void {
    const { site, bootNumber } = this.#options
    const { rules, streams } = site
    site.log('heroku', 'Stopping all processes with SIGTERM')
    this.#sendSigterm(reason, false)
    this.#later(rules.terminationMs, () => {
      site.log('heroku', ERROR_LINES.r12(rules.terminationMs))
      site.log('heroku', 'Stopping remaining processes with SIGKILL')
      this.#kill('r12')
    })
    const repeatMs = drawRepeatedSigtermMs(rules, streams.stream(`dyno/${bootNumber}/sigterm`))
    if (repeatMs !== undefined) this.#later(repeatMs, () => this.#sendSigterm(reason, true))
  }

  #sendSigterm(reason: RealSigtermReason, isRepeated: boolean): void {
    const processes = this.#running === undefined ? 0 : signalAll(this.#running.processes, 'SIGTERM')
    const { site, bootNumber: boot } = this.#options
    site.emit({ kind: 'sigterm', boot, reason, isRepeated, processes })
  }

  async #launch(): Promise<void> {
    const { site, bootNumber: boot, reason } = this.#options
    site.log('heroku', `Starting process with command \`${site.command.text}\``)
    this.#state = 'starting'
    const running = await this.#housing.start({
      port: this.#port,
      onLine: (text) => site.log('app', text, boot),
      onOutOfMemory: () => this.#memory?.limitEnforced(),
      onHostFailed: (why) => this.#hostFailed(why),
      onExit: (status) => void this.#exited(status),
    })
    this.#running = running
    const { pid, place, processes } = running
    if (pid === undefined) return
    site.emit({ kind: 'started', boot, reason, pid, port: this.#port, place })
    this.#later(site.rules.bootLimitMs, () => this.#bootLimitReached())
    this.#awaitBinding(performance.now())
    this.#watchMemory(processes)
    // What was told while the start was under way.
    if (this.#killed !== undefined) running.kill()
    else if (this.#stopping !== undefined) this.#beginTermination(this.#stopping)
  }

  #hostFailed(why: string): void {
    const { site, bootNumber: boot } = this.#options
    site.log('heroku-sim', why)
    site.emit({ kind: 'host-failed', boot, why })
  }

  #watchMemory(processes: DynoProcesses): void {
    const { site, bootNumber } = this.#options
    this.#memory = new DynoMemory({
      site,
      processes,
      bootNumber,
      dynoUuid: randomUUID(),
      stream: site.streams.stream(`dyno/${bootNumber}/sampler`),
      onR15: () => {
        site.log('heroku', 'Stopping process with SIGKILL')
        this.#kill('r15')
      },
    })
    this.#memory.start()
  }

  #awaitBinding(startedAtMs: number): void {
    if (this.#state !== 'starting') return
    if (portBinding(this.#port) !== 'reachable') {
      this.#later(BIND_POLL_MS, () => this.#awaitBinding(startedAtMs))
      return
    }
    const { site, bootNumber: boot } = this.#options
    this.#state = 'up'
    this.#upAtMs = performance.now()
    site.emit({ kind: 'bound', boot, afterMs: Math.round(this.#upAtMs - startedAtMs) })
    if (this.#stopping === undefined) this.#options.onBound()
  }

  #bootLimitReached(): void {
    if (this.#state !== 'starting' || this.#stopping !== undefined) return
    const { site } = this.#options
    site.log('heroku', ERROR_LINES.r10(site.rules.bootLimitMs))
    if (portBinding(this.#port) === 'loopback') {
      site.log(
        'heroku-sim',
        'It listens on the loopback address only, where no router reaches it: bind 0.0.0.0',
      )
    }
    site.log('heroku', 'Stopping process with SIGKILL')
    this.#kill('r10')
  }

  #kill(reason: KillReason): boolean {
    if (this.#state === 'ended' || this.#killed !== undefined) return false
    this.#killed = reason
    this.#running?.kill()
    return true
  }

  /** The first process is gone: so is the dyno. */
  async #exited(status: number): Promise<void> {
    const { site } = this.#options
    this.#memory?.stop()
    let swept = 0
    try {
      if (this.#running !== undefined) swept = await sweepAll(this.#running.processes)
    } catch (error) {
      site.log('heroku-sim', errorMessageOf(error))
    }
    if (this.#killed !== undefined) return this.#finish(SIGKILL_STATUS, 0)
    if (swept > 0) {
      site.log('heroku-sim', `The first process left ${swept} running: killed, as the dyno ends with it`)
    }
    return this.#finish(status, swept)
  }

  async #finish(status: number, sweptProcesses: number): Promise<void> {
    if (this.#state === 'ended') return
    const { site, bootNumber: boot } = this.#options
    this.#state = 'ended'
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#running?.lastWords()
    if (this.#running !== undefined) site.log('heroku', `Process exited with status ${status}`)
    const upForMs = this.#upAtMs === undefined ? undefined : performance.now() - this.#upAtMs
    const end: DynoEnd = { cause: this.#killed ?? 'exit', status, upForMs, sweptProcesses }
    site.emit({ kind: 'ended', boot, end })
    this.#options.onEnd(end)
    await this.#housing.dispose().catch((error: unknown) => site.log('heroku-sim', errorMessageOf(error)))
    this.#wiped.resolve()
  }

  #later(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, delayMs)
    this.#timers.add(timer)
  }
}
