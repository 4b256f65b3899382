/**
 * Heroku for one app with one web dyno, over real processes: the formation, the router in front of it, the
 * log stream, and what is commanded from outside. Linux only, because it measures by /proc. Nothing
 * outlives it: see process-guard.ts.
 */

import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InfrastructureError } from '../../infrastructure-error.ts'
import { PrngStreams } from '../../world/prng.ts'
import type { AppState, DynoEvent, DynoEventBody } from './dyno-event.ts'
import { DYNO_SIZES } from './dyno-size.ts'
import type { DynoSizeName } from './dyno-size.ts'
import type { DynoSite } from './dyno-site.ts'
import { Formation } from './formation.ts'
import { checkContainerDyno } from './housing/container-check.ts'
import { SIM_LABEL } from './housing/container-housing.ts'
import type { LogLine, LogSource } from './log-line.ts'
import { startGuard } from './process-guard.ts'
import type { ProcessGuard } from './process-guard.ts'
import { compressRules, realRules } from './real-rules.ts'
import type { RealRules } from './real-rules.ts'
import { Router } from './router.ts'
import { routerLine } from './router-backend.ts'
import type { RouterEntry } from './router-backend.ts'
import { SimRecord } from './sim-record.ts'

/** What a release consists of. */
export type Release = Pick<DynoSite, 'command' | 'appFolder' | 'configVars' | 'dyno'>

export interface HerokuSimOptions
  extends Release, Pick<DynoSite, 'copy' | 'memoryModel' | 'hasRuntimeMetrics'> {
  readonly size: DynoSizeName
  /** The router's port on 127.0.0.1; 0: any free one. */
  readonly port: number
  /** What the router says the client has used. */
  readonly protocol: 'http' | 'https'
  /** Divides calendar waits; 1: none. */
  readonly compress: number
  /** Only for sizes that can. */
  readonly hasPreboot: boolean
  /** False leaves out the daily restart. */
  readonly hasDailyCycling: boolean
  /** Determines every draw: cycling, cool-off, sampling. */
  readonly seed: string
  /** Rules that differ from Heroku's, before compression. */
  readonly rules: Partial<RealRules>
  onLine(line: LogLine): void
  onEvent(event: DynoEvent): void
}

/** The smallest dyno without any calendar, metered as Heroku does, its router at any free port. */
export const PLAIN_DYNO = {
  memoryModel: 'heroku',
  hasRuntimeMetrics: false,
  size: 'basic',
  port: 0,
  protocol: 'http',
  compress: 1,
  hasPreboot: false,
  hasDailyCycling: false,
} as const satisfies Partial<HerokuSimOptions>

const MARK_NAME = 'HEROKU_SIM_BOOT'
const USER = 'user heroku-sim'

export class HerokuSim {
  readonly rules: RealRules
  /** The last lines, events and samples; bounded. */
  readonly record = new SimRecord()
  readonly #options: HerokuSimOptions
  readonly #formation: Formation
  readonly #router: Router
  readonly #simId = randomUUID()
  readonly #workFolder: string
  #guard: ProcessGuard | undefined
  #release: Release
  #releaseNumber = 1
  #stopped: Promise<void> | undefined

  constructor(options: HerokuSimOptions) {
    const size = DYNO_SIZES[options.size]
    this.#options = options
    this.#release = options
    this.rules = compressRules(realRules(size, options.rules), options.compress)
    this.#workFolder = join(tmpdir(), `heroku-sim-${process.pid}-${this.#simId.slice(0, 8)}`)
    const { hasDailyCycling, compress } = options
    this.#formation = new Formation({
      site: this.#createSite(),
      hasPreboot: options.hasPreboot && size.canPreboot,
      hasDailyCycling,
      isSleeping: size.isSleeping,
      compress,
      onCycle: () => this.cycle(),
      onChange: () => this.#router.changed(),
    })
    this.#router = new Router({
      rules: this.rules,
      port: options.port,
      protocol: options.protocol,
      backend: () => this.#formation.backend(),
      onArrival: () => this.#formation.requestArrived(),
      onEnd: (entry) => this.#requestEnded(entry),
    })
  }

  get state(): AppState {
    return this.#formation.state
  }

  /** Of the router. */
  get port(): number {
    return this.#router.port
  }

  /**
   * Opens the router and boots the first dyno.
   * @throws InfrastructureError when the port is taken, the machine is no Linux, or there is no such container
   */
  async start(): Promise<void> {
    if (!existsSync('/proc/self/stat')) {
      throw new InfrastructureError('there is no /proc to measure by', 'run it on Linux, or in a container')
    }
    const { dyno } = this.#release
    if (dyno.kind === 'container') await checkContainerDyno(dyno)
    await this.#router.start()
    mkdirSync(this.#workFolder, { mode: 0o700 })
    this.#guard = startGuard({
      mark: `${MARK_NAME}=${this.#simId}.`,
      folder: this.#workFolder,
      containerLabel: dyno.kind === 'container' ? `${SIM_LABEL}=${this.#simId}` : undefined,
    })
    this.#log('app', 'api', `Release v${this.#releaseNumber} created by ${USER}`)
    this.#logScale(1)
    this.#formation.start('first-boot')
  }

  /** `heroku restart`: also ends a cool-off. Returns whether there was a dyno to restart. */
  restart(): boolean {
    this.#log('heroku', 'web.1', 'Restarting')
    return this.#formation.replace('restart')
  }

  /** A new release: what changes is given, the rest stays. Returns whether there was a dyno to replace. */
  deploy(change: Partial<Release> = {}): boolean {
    this.#release = { ...this.#release, ...change }
    this.#releaseNumber += 1
    this.#log('app', 'api', `Deploy ${randomUUID().slice(0, 8)} by ${USER}`)
    this.#log('app', 'api', `Release v${this.#releaseNumber} created by ${USER}`)
    return this.#formation.replace('deploy')
  }

  /** The daily restart, now. */
  cycle(): void {
    this.#log('heroku', 'web.1', 'Cycling')
    this.#formation.replace('cycling')
  }

  /**
   * SIGKILL of the present dyno without warning, as its host's fault does; another one is started. Between two, the
   * one that still stops. Returns whether there was one.
   */
  killNow(): boolean {
    return this.#formation.killNow()
  }

  /** To none: the router answers H14. To one: boots. Resolves when nothing runs that should not. */
  async scale(to: 0 | 1): Promise<void> {
    this.#logScale(to)
    if (to === 1) this.#formation.start('scale')
    else await this.#formation.takeDown('scale')
  }

  /** Ends everything in order, as scaling to none does, and the router. May be called twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /** SIGKILL for whatever still runs; also while `stop` is under way. */
  async stopNow(): Promise<void> {
    this.#formation.killAll()
    await this.stop()
  }

  async #stop(): Promise<void> {
    await this.#formation.stop()
    await this.#router.stop()
    await this.#guard?.release()
  }

  #createSite(): DynoSite {
    const { copy, memoryModel, hasRuntimeMetrics, seed } = this.#options
    const release = (): Release => this.#release
    return {
      get command() {
        return release().command
      },
      get appFolder() {
        return release().appFolder
      },
      get configVars() {
        return release().configVars
      },
      get dyno() {
        return release().dyno
      },
      copy,
      memoryModel,
      hasRuntimeMetrics,
      rules: this.rules,
      workFolder: this.#workFolder,
      streams: new PrngStreams(seed),
      mark: [MARK_NAME, this.#simId],
      log: (source, text, boot) => this.#log(source, 'web.1', text, boot),
      emit: (event) => this.#emit(event),
    }
  }

  #requestEnded(entry: RouterEntry): void {
    this.#log('heroku', 'router', routerLine(entry))
    const { error: code, status, serviceMs = 0 } = entry
    this.#emit({ kind: 'request', code, status, serviceMs })
  }

  #logScale(to: 0 | 1): void {
    this.#log('app', 'api', `Scaled to web@${to}:${DYNO_SIZES[this.#options.size].title} by ${USER}`)
  }

  #log(source: LogSource, process: string, text: string, boot?: number): void {
    const atMs = performance.timeOrigin + performance.now()
    const line = { atMs, source, process, text, ...(boot === undefined ? {} : { boot }) }
    this.record.addLine(line)
    this.#options.onLine(line)
  }

  #emit(body: DynoEventBody): void {
    const event = { atMs: performance.timeOrigin + performance.now(), ...body }
    this.record.addEvent(event)
    this.#options.onEvent(event)
  }
}
