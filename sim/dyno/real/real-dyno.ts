/**
 * One boot of the web dyno over real processes: copying → starting → up → ended, stopping at any time. Owns
 * the file system copy, the process tree, the boot limit, SIGTERM with its 30 s, and the memory rules; what
 * follows its end is formation.ts's matter. Surprising: the end of the first process ends the dyno, and
 * whatever it left running is killed.
 */

import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { errorMessageOf } from '../../../src/errors.ts'
import { drawRepeatedSigtermMs } from '../dyno-draws.ts'
import type { KillReason } from '../model-dyno.ts'
import { copyApp, wipe } from './app-copy.ts'
import { dynoEnvironment } from './dyno-environment.ts'
import type { DynoEnd, RealSigtermReason, RealStartReason } from './dyno-event.ts'
import { DynoMemory } from './dyno-memory.ts'
import type { DynoSite } from './dyno-site.ts'
import { DynoTree, signalQuietly } from './dyno-tree.ts'
import { freePort, portBinding } from './listening-port.ts'
import { ERROR_LINES } from './log-line.ts'
import { startWebProcess } from './web-process.ts'
import type { WebProcess } from './web-process.ts'

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
const MB_BYTES = 1_048_576

export class RealDyno {
  readonly #options: RealDynoOptions
  readonly #wiped = Promise.withResolvers<void>()
  readonly #folder: string
  readonly #timers = new Set<NodeJS.Timeout>()
  #state: 'copying' | 'starting' | 'up' | 'ended' = 'copying'
  #stopping: RealSigtermReason | undefined
  #killed: KillReason | undefined
  #port = 0
  #upAtMs: number | undefined
  #process: WebProcess | undefined
  #tree: DynoTree | undefined
  #memory: DynoMemory | undefined

  constructor(options: RealDynoOptions) {
    this.#options = options
    this.#folder = join(options.site.workFolder, `boot-${options.bootNumber}`)
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

  /** Copies the app and starts it. A machine that cannot do that ends the dyno with status 1. */
  async start(): Promise<void> {
    const { site } = this.#options
    try {
      const cwd = await this.#prepareFolder()
      this.#port = await freePort()
      if (this.#stopping === undefined && this.#killed === undefined) this.#spawn(cwd)
      else await this.#finish(0, 0)
    } catch (error) {
      site.log('heroku-sim', `The dyno could not be prepared: ${errorMessageOf(error)}`)
      await this.#finish(1, 0)
    }
  }

  /** SIGTERM to every process, perhaps once more, and SIGKILL when the time is over. */
  terminate(reason: RealSigtermReason): void {
    if (this.#state === 'ended' || this.#stopping !== undefined) return
    const { site, bootNumber } = this.#options
    const { rules, streams } = site
    this.#stopping = reason
    if (this.#tree === undefined) return
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

  /** SIGKILL without a word, as a failing host does. */
  killNow(): void {
    this.#kill('hardware-fault')
  }

  #sendSigterm(reason: RealSigtermReason, isRepeated: boolean): void {
    const processes = this.#tree?.signal('SIGTERM') ?? 0
    const { site, bootNumber: boot } = this.#options
    site.emit({ kind: 'sigterm', boot, reason, isRepeated, processes })
  }

  async #prepareFolder(): Promise<string> {
    const { appFolder, copy } = this.#options.site
    mkdirSync(join(this.#folder, 'tmp'), { recursive: true })
    if (copy === 'none') return appFolder
    const target = join(this.#folder, 'app')
    await copyApp({ source: appFolder, target, isFullCopy: copy === 'full' })
    return target
  }

  #spawn(cwd: string): void {
    const { site, bootNumber: boot, reason } = this.#options
    const { rules, command } = site
    const [markName, markPrefix] = site.mark
    const mark = [markName, `${markPrefix}.${boot}`] as const
    site.log('heroku', `Starting process with command \`${command.text}\``)
    this.#state = 'starting'
    this.#process = startWebProcess({
      command,
      cwd,
      env: dynoEnvironment({
        port: this.#port,
        folder: cwd,
        temporaryFolder: join(this.#folder, 'tmp'),
        quotaMb: rules.quotaBytes / MB_BYTES,
        path: process.env['PATH'] ?? '/usr/bin:/bin',
        mark,
        configVars: site.configVars,
      }),
      onLine: (text) => site.log('app', text, boot),
      onExit: (status) => void this.#exited(status),
    })
    const { pid } = this.#process
    if (pid === undefined) return
    this.#tree = new DynoTree({ leaderPid: pid, mark: mark.join('=') })
    site.emit({ kind: 'started', boot, reason, pid, port: this.#port, folder: cwd })
    this.#later(rules.bootLimitMs, () => this.#bootLimitReached())
    this.#awaitBinding(performance.now())
    this.#watchMemory(this.#tree)
  }

  #watchMemory(tree: DynoTree): void {
    const { site, bootNumber } = this.#options
    this.#memory = new DynoMemory({
      site,
      tree,
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

  #kill(reason: KillReason): void {
    if (this.#state === 'ended' || this.#killed !== undefined) return
    this.#killed = reason
    const pid = this.#process?.pid
    this.#tree?.signal('SIGKILL')
    if (pid !== undefined) signalQuietly(pid, 'SIGKILL')
  }

  /** The first process is gone: so is the dyno. */
  async #exited(status: number): Promise<void> {
    const { site } = this.#options
    this.#memory?.stop()
    let swept = 0
    try {
      swept = (await this.#tree?.sweep()) ?? 0
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
    await this.#process?.close()
    if (this.#process !== undefined) site.log('heroku', `Process exited with status ${status}`)
    const upForMs = this.#upAtMs === undefined ? undefined : performance.now() - this.#upAtMs
    const end: DynoEnd = { cause: this.#killed ?? 'exit', status, upForMs, sweptProcesses }
    site.emit({ kind: 'ended', boot, end })
    this.#options.onEnd(end)
    await wipe(this.#folder).catch((error: unknown) => site.log('heroku-sim', errorMessageOf(error)))
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
