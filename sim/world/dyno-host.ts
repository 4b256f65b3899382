/**
 * What runs inside a simulated dyno: one bot process at a time, and the restart of that process inside the
 * dyno for targets that have a supervisor. What a process does is the target's matter, what a dyno does is
 * Heroku's.
 */

import type { Config } from '../../src/config.ts'
import { EXIT_STATUS } from '../../src/ports/exit.ts'
import type { ExitReason } from '../../src/ports/exit.ts'
import type { DynoContext, DynoProgram, RunningProgram } from '../dyno/dyno-program.ts'
import type { MemoryUse } from '../dyno/memory-verdict.ts'
import { LEDGER_BASE_BYTES, MemoryLedger } from '../fakes/memory-ledger.ts'
import type { RunningTarget, Target } from '../targets/target.ts'
import { PrngStreams } from './prng.ts'
import { processPorts } from './process-ports.ts'
import type { WorldParts } from './process-ports.ts'
import type { TraceData } from './trace.ts'
import { VirtualProcess } from './virtual-process.ts'

export interface DynoHostOptions {
  readonly seedText: string
  readonly parts: WorldParts
  readonly target: Target
  readonly config: Config
  /** A call from beyond the grave, or an uncaught error: fails the run. */
  onMisdeed(processId: string, message: string): void
}

/** From the end of a bot process to the next one inside the dyno; a stand-in until a supervisor decides. */
const RESPAWN_MS = 1_000
/** From the start of the dyno's process to its first statement: Node's start and the imports, ms. */
const BOOT_MS = { low: 400, high: 1_200 }

export class DynoHost implements DynoProgram {
  readonly #options: DynoHostOptions
  readonly #dynos = new Set<HostedDyno>()

  constructor(options: DynoHostOptions) {
    this.#options = options
  }

  start(context: DynoContext): RunningProgram {
    const dyno = new HostedDyno(this.#options, context, () => this.#dynos.delete(dyno))
    this.#dynos.add(dyno)
    dyno.boot()
    return dyno
  }

  /** The ledger of the newest bot process there is. */
  ledger(): MemoryLedger | undefined {
    return [...this.#dynos].findLast((dyno) => dyno.ledger !== undefined)?.ledger
  }

  /** Records what each living process holds; for the leak checker. */
  recordTimers(): void {
    for (const dyno of this.#dynos) dyno.recordTimers()
  }
}

class HostedDyno implements RunningProgram {
  readonly #options: DynoHostOptions
  readonly #context: DynoContext
  readonly #onGone: () => void
  readonly #streams: PrngStreams
  #process: VirtualProcess | undefined
  #ledger: MemoryLedger | undefined
  #target: RunningTarget | undefined
  #spawned = 0
  #isTerminating = false
  #isGone = false

  constructor(options: DynoHostOptions, context: DynoContext, onGone: () => void) {
    this.#options = options
    this.#context = context
    this.#onGone = onGone
    this.#streams = new PrngStreams(`${options.seedText}/${context.dynoId}`)
  }

  get ledger(): MemoryLedger | undefined {
    return this.#ledger
  }

  boot(): void {
    const bootMs = this.#streams.stream('boot').integer(BOOT_MS.low, BOOT_MS.high)
    this.#options.parts.scheduler.schedule('dyno.process-start', bootMs, () => {
      if (!this.#isGone && !this.#isTerminating) this.#spawn()
    })
  }

  terminate(): void {
    this.#isTerminating = true
    if (this.#target !== undefined) this.#process?.deliver(() => this.#target?.terminate())
    else this.#leave(EXIT_STATUS.stopped)
  }

  kill(): void {
    this.#isGone = true
    this.#endProcess()
    this.#onGone()
  }

  hang(): void {
    this.#process?.hang()
  }

  resume(): void {
    this.#process?.resume()
  }

  memoryBytes(): MemoryUse {
    return { rssAndSwap: this.#ledger?.totalBytes() ?? LEDGER_BASE_BYTES.supervisor, cache: 0 }
  }

  recordTimers(): void {
    const process = this.#process
    if (process === undefined || !process.isAlive) return
    let timers = 0
    let label = ''
    let mostOfOneLabel = 0
    for (const [each, count] of process.pendingTimers()) {
      timers += count
      if (count > mostOfOneLabel) [label, mostOfOneLabel] = [each, count]
    }
    this.#record(process.id, 'process.timers', { timers, label, mostOfOneLabel })
  }

  #spawn(): void {
    const { parts, target, config } = this.#options
    this.#spawned += 1
    const id = `${this.#context.dynoId}/bot.${this.#spawned}`
    const process: VirtualProcess = new VirtualProcess({
      id,
      scheduler: parts.scheduler,
      dynoClock: this.#context.clock,
      timerDelayMs: () => this.#context.timerDelayMs(),
      onMisdeed: (message) => this.#options.onMisdeed(id, message),
    })
    const streams = new PrngStreams(`${this.#options.seedText}/${id}`)
    const ledger = new MemoryLedger({ role: 'whole-dyno', stream: streams.stream('memory') })
    this.#process = process
    this.#ledger = ledger
    this.#record(id, 'process.started', { dynoId: this.#context.dynoId })
    process.deliver(() => {
      const ports = processPorts({
        parts,
        process,
        ledger,
        streams,
        adapter: target.adapter,
        dynoId: this.#context.dynoId,
        onExit: (reason) => this.#exited(process, reason),
      })
      const bindPort = (): void => this.#context.bindPort()
      this.#target = target.start({ ports, config, owner: this.#context.bootUuid, bindPort })
    })
  }

  /** The process has ended itself; its end takes effect in an event of its own. */
  #exited(process: VirtualProcess, reason: ExitReason): void {
    if (!process.assertUsable('exit')) return
    process.beginExit()
    this.#record(process.id, 'process.exited', { reason })
    this.#options.parts.scheduler.schedule('process.ended', 0, () => {
      if (this.#isGone || this.#process !== process) return
      this.#endProcess()
      if (!this.#options.target.hasSupervisor || this.#isTerminating) {
        this.#leave(EXIT_STATUS[reason])
        return
      }
      this.#options.parts.scheduler.schedule('process.respawn', RESPAWN_MS, () => {
        if (!this.#isGone && !this.#isTerminating) this.#spawn()
      })
    })
  }

  #endProcess(): void {
    this.#process?.kill()
    this.#process = undefined
    this.#ledger = undefined
    this.#target = undefined
  }

  #leave(status: number): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#context.exited(status)
  }

  #record(source: string, kind: string, data: TraceData): void {
    this.#options.parts.trace.record({ atMs: this.#options.parts.scheduler.nowMs, source, kind, data })
  }
}
