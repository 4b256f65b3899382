/**
 * One bot process of a virtual dyno, as its supervisor started it: from the fork over Node's boot to its end.
 * Owns its ports, its memory, its CPU time and both directions of its channel. Its end takes effect in an event
 * of its own, and is told to the supervisor when all that it had sent before has arrived.
 */

import type {
  ChildExit,
  ChildProcess,
  ChildProcessSpawner,
  ParentProcess,
} from '../../src/ports/child-process.ts'
import { EXIT_STATUS } from '../../src/ports/exit.ts'
import type { ExitReason } from '../../src/ports/exit.ts'
import { MemoryLedger } from '../fakes/memory-ledger.ts'
import type { RunningTarget } from '../targets/target.ts'
import type { BotFaults } from './bot-faults.ts'
import type { DynoParts } from './dyno-parts.ts'
import { MessagePipe } from './message-pipe.ts'
import { PrngStreams } from './prng.ts'
import { processPorts } from './process-ports.ts'
import { recordTimers } from './record-timers.ts'
import type { TraceData } from './trace.ts'
import { VirtualCpu } from './virtual-cpu.ts'
import { VirtualProcess } from './virtual-process.ts'

export interface VirtualBotOptions {
  readonly dyno: DynoParts
  readonly faults: BotFaults
  /** 1 for the first bot process of the dyno. */
  readonly number: number
  /** The dyno's other processes, bytes. */
  readonly otherBytes: number
  readonly spawn: Parameters<ChildProcessSpawner['spawn']>[0]
  /** Runs a callback inside the supervisor's process. */
  deliverToSupervisor(callback: () => void): void
}

/** From the fork to the first statement: Node's start and the imports, ms. */
const BOOT_MS = { low: 300, high: 1_000 }
/** From a signal to its effect, ms. */
const SIGNAL_MS = { low: 0, high: 3 }
/** Shares of a CPU: a connected bot with little to do, one that starves, one that computes. */
const CPU_SHARE = { ordinary: 0.02, starved: 0.1, computing: 1 }

export class VirtualBot implements ChildProcess {
  readonly id: number
  readonly ledger: MemoryLedger
  readonly #options: VirtualBotOptions
  readonly #name: string
  readonly #process: VirtualProcess
  readonly #streams: PrngStreams
  readonly #cpu: VirtualCpu
  readonly #toBot: MessagePipe
  readonly #toSupervisor: MessagePipe
  #target: RunningTarget | undefined
  /** Messages that came before it listened wait, as Node keeps them. */
  #inbox: unknown[] = []
  #listener: ((message: unknown) => void) | undefined
  #hang: 'none' | 'computing' | 'idle' = 'none'
  #isDynoHung = false
  #hasEnded = false

  constructor(options: VirtualBotOptions) {
    const { dyno, number } = options
    const { scheduler } = dyno.world
    this.#options = options
    this.id = number
    this.#name = `${dyno.context.dynoId}/bot.${number}`
    this.#streams = new PrngStreams(`${dyno.seedText}/${this.#name}`)
    this.#process = new VirtualProcess({
      id: this.#name,
      scheduler,
      dynoClock: dyno.context.clock,
      timerDelayMs: () => dyno.context.timerDelayMs() + options.faults.starvedMs(),
      onMisdeed: (message) => dyno.onMisdeed(this.#name, message),
    })
    this.ledger = new MemoryLedger({ role: 'bot', stream: this.#streams.stream('memory') })
    this.#cpu = new VirtualCpu(scheduler.nowMs)
    const pipe = {
      scheduler,
      stream: this.#streams.stream('ipc'),
      extraMs: () => options.faults.messageDelayMs(),
    }
    this.#toBot = new MessagePipe(pipe)
    this.#toSupervisor = new MessagePipe(pipe)
    const bootMs = this.#streams.stream('boot').integer(BOOT_MS.low, BOOT_MS.high)
    scheduler.schedule('bot.boot', bootMs, () => this.#process.deliver(() => this.#begin()))
  }

  send(message: unknown): void {
    this.#toBot.send(() => {
      this.#process.deliver(() => {
        if (this.#listener === undefined) this.#inbox.push(message)
        else this.#listener(message)
      })
    })
  }

  /** SIGTERM before its first statement ends it, as Node does by default. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { scheduler } = this.#options.dyno.world
    const delayMs = this.#streams.stream('signal').integer(SIGNAL_MS.low, SIGNAL_MS.high)
    scheduler.schedule('bot.signal', delayMs, () => {
      if (this.#hasEnded) return
      if (signal === 'SIGKILL') this.#signalled('SIGKILL')
      else if (this.#target === undefined) this.#process.deliver(() => this.#signalled('SIGTERM'))
      else this.#process.deliver(() => this.#target?.terminate())
    })
  }

  cpuTimeMs(): number {
    return this.#cpu.account(this.#options.dyno.world.scheduler.nowMs, this.#cpuShare())
  }

  /** Suspends it with the whole dyno, or lets it go on if nothing else holds it. */
  setDynoHung(isHung: boolean): void {
    this.cpuTimeMs()
    this.#isDynoHung = isHung
    this.#suspendOrResume()
  }

  /** Its event loop blocks, by computing or by waiting; or turns again. False when there is nothing to strike. */
  setHang(hang: 'none' | 'computing' | 'idle'): boolean {
    if (this.#hasEnded) return false
    this.cpuTimeMs()
    this.#hang = hang
    this.#record('bot.hang', { how: hang })
    this.#suspendOrResume()
    return true
  }

  /** Ends with an uncaught error. False when it has not begun or has ended. */
  crash(): boolean {
    if (this.#target === undefined || !this.#process.isAlive) return false
    this.#exits('failed')
    return true
  }

  noteStarvation(forMs: number, timerDelayMs: number): boolean {
    if (!this.#hasEnded) this.#record('dyno.starve', { forMs, timerDelayMs, of: 'bot' })
    return !this.#hasEnded
  }

  /** Ends with the dyno, and nobody is told. */
  vanish(): void {
    this.#hasEnded = true
    this.#process.kill()
  }

  parked(): string[] {
    return [this.#process.describe()]
  }

  recordTimers(): void {
    recordTimers(this.#options.dyno.world, this.#process)
  }

  #begin(): void {
    const { dyno, faults, otherBytes } = this.#options
    this.#record('process.started', {})
    faults.started(this)
    const ports = processPorts({
      parts: dyno.world,
      process: this.#process,
      ledger: this.ledger,
      otherBytes,
      streams: this.#streams,
      adapter: dyno.target.adapter,
      dynoId: dyno.context.dynoId,
      onExit: (reason) => this.#exits(reason),
    })
    const { config, context } = dyno
    const owner = this.#options.spawn.env['SESSION_OWNER'] ?? context.bootUuid
    this.#target = dyno.target.start({
      ports,
      config,
      owner,
      parent: this.#parent(),
      bindPort: () => undefined,
    })
  }

  #parent(): ParentProcess {
    return {
      send: (message) => {
        if (this.#process.assertUsable('parent.send')) this.#tell((spawn) => spawn.onMessage(message))
      },
      onMessage: (listener) => {
        this.#listener = listener
        for (const message of this.#inbox.splice(0)) listener(message)
      },
      // When the supervisor ends, so does the dyno with all its processes.
      onClosed: () => undefined,
    }
  }

  /** The process has ended itself; its end takes effect in an event of its own. */
  #exits(reason: ExitReason): void {
    if (!this.#process.assertUsable('exit')) return
    this.#process.beginExit()
    this.#record('process.exited', { reason })
    this.#options.dyno.world.scheduler.schedule('process.ended', 0, () => {
      this.#ended({ exitCode: EXIT_STATUS[reason], signal: undefined, spawnError: undefined })
    })
  }

  #signalled(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#record('process.killed', { signal })
    this.#ended({ exitCode: undefined, signal, spawnError: undefined })
  }

  #ended(exit: ChildExit): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#process.kill()
    this.#record('process.ended', {})
    this.#tell((spawn) => spawn.onExit(exit))
  }

  /** In the supervisor's process, when it has arrived there. */
  #tell(arrive: (spawn: VirtualBotOptions['spawn']) => void): void {
    this.#toSupervisor.send(() => {
      this.#options.deliverToSupervisor(() => arrive(this.#options.spawn))
    })
  }

  #suspendOrResume(): void {
    if (this.#isDynoHung || this.#hang !== 'none') this.#process.hang()
    else this.#process.resume()
  }

  #cpuShare(): number {
    const { dyno, faults } = this.#options
    if (this.#isDynoHung || this.#hang === 'idle') return 0
    if (dyno.context.timerDelayMs() + faults.starvedMs() > 0) return CPU_SHARE.starved
    return this.#hang === 'computing' || this.#target === undefined ? CPU_SHARE.computing : CPU_SHARE.ordinary
  }

  #record(kind: string, data: TraceData): void {
    const { world, context } = this.#options.dyno
    const { dynoId } = context
    world.trace.record({ atMs: world.scheduler.nowMs, source: this.#name, kind, data: { dynoId, ...data } })
  }
}
