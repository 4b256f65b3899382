/** A virtual dyno whose one process is the bot itself, as before there was a supervisor: when it ends, so does the dyno. */

import { EXIT_STATUS } from '../../src/ports/exit.ts'
import type { ExitReason } from '../../src/ports/exit.ts'
import type { RunningProgram } from '../dyno/dyno-program.ts'
import type { MemoryUse } from '../dyno/memory-verdict.ts'
import { MemoryLedger } from '../fakes/memory-ledger.ts'
import type { RunningTarget } from '../targets/target.ts'
import type { DynoParts } from './dyno-parts.ts'
import { PrngStreams } from './prng.ts'
import { processPorts } from './process-ports.ts'
import { recordTimers } from './record-timers.ts'
import type { TraceData } from './trace.ts'
import { VirtualProcess } from './virtual-process.ts'

/** From the start of the dyno's process to its first statement: Node's start and the imports, ms. */
const BOOT_MS = { low: 400, high: 1_200 }
/** SIGTERM before a process listens ends it with this status. */
const SIGTERM_STATUS = 143

export class LoneDyno implements RunningProgram {
  readonly ledger: MemoryLedger
  readonly #parts: DynoParts
  readonly #process: VirtualProcess
  readonly #streams: PrngStreams
  #target: RunningTarget | undefined
  #isGone = false

  constructor(parts: DynoParts) {
    const id = `${parts.context.dynoId}/bot.1`
    this.#parts = parts
    this.#streams = new PrngStreams(`${parts.seedText}/${id}`)
    this.ledger = new MemoryLedger({ role: 'whole-dyno', stream: this.#streams.stream('memory') })
    this.#process = new VirtualProcess({
      id,
      scheduler: parts.world.scheduler,
      dynoClock: parts.context.clock,
      timerDelayMs: () => parts.context.timerDelayMs(),
      onMisdeed: (message) => parts.onMisdeed(id, message),
    })
  }

  get dynoId(): string {
    return this.#parts.context.dynoId
  }

  get isHung(): boolean {
    return this.#process.state === 'hung'
  }

  boot(): void {
    const { seedText, context, world } = this.#parts
    const stream = new PrngStreams(`${seedText}/${context.dynoId}`).stream('boot')
    const bootMs = stream.integer(BOOT_MS.low, BOOT_MS.high)
    world.scheduler.schedule('dyno.process-start', bootMs, () => {
      this.#process.deliver(() => this.#begin())
    })
  }

  terminate(): void {
    if (this.#target === undefined) this.#leave(SIGTERM_STATUS)
    else this.#process.deliver(() => this.#target?.terminate())
  }

  kill(): void {
    this.#isGone = true
    this.#process.kill()
  }

  hang(): void {
    this.#process.hang()
  }

  resume(): void {
    this.#process.resume()
  }

  memoryBytes(): MemoryUse {
    return { rssAndSwap: this.ledger.residentBytes(), cache: 0 }
  }

  parked(): string[] {
    return [this.#process.describe()]
  }

  recordTimers(): void {
    recordTimers(this.#parts.world, this.#process)
  }

  #begin(): void {
    const { world, target, config, context } = this.#parts
    this.#record('process.started', { dynoId: context.dynoId })
    const ports = processPorts({
      parts: world,
      process: this.#process,
      ledger: this.ledger,
      otherBytes: 0,
      streams: this.#streams,
      adapter: target.adapter,
      dynoId: context.dynoId,
      onExit: (reason) => this.#exits(reason),
    })
    const bindPort = (): void => context.bindPort()
    this.#target = target.start({ ports, config, owner: context.bootUuid, parent: undefined, bindPort })
  }

  #exits(reason: ExitReason): void {
    if (!this.#process.assertUsable('exit')) return
    this.#process.beginExit()
    this.#record('process.exited', { reason })
    this.#parts.world.scheduler.schedule('process.ended', 0, () => this.#leave(EXIT_STATUS[reason]))
  }

  #leave(status: number): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#parts.context.exited(status)
  }

  #record(kind: string, data: TraceData): void {
    const { trace, scheduler } = this.#parts.world
    trace.record({ atMs: scheduler.nowMs, source: this.#process.id, kind, data })
  }
}
