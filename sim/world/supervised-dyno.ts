/**
 * A virtual dyno with two processes, as the product runs: the supervisor, and the bot that it starts, ends and
 * starts again. The dyno lives as long as the supervisor does.
 */

import type { ChildProcessSpawner } from '../../src/ports/child-process.ts'
import { DYNO_EXIT_STATUS } from '../../src/ports/exit.ts'
import type { DynoExitReason } from '../../src/ports/exit.ts'
import type { RunningProgram } from '../dyno/dyno-program.ts'
import type { MemoryUse } from '../dyno/memory-verdict.ts'
import { LEDGER_BASE_BYTES } from '../fakes/memory-ledger.ts'
import type { MemoryLedger } from '../fakes/memory-ledger.ts'
import type { RunningTarget, SupervisorStart } from '../targets/target.ts'
import type { BotFaults } from './bot-faults.ts'
import type { DynoParts } from './dyno-parts.ts'
import { PrngStreams } from './prng.ts'
import { tracingLogger } from './process-ports.ts'
import { recordTimers } from './record-timers.ts'
import { VirtualBot } from './virtual-bot.ts'
import { VirtualProcess } from './virtual-process.ts'

/** From the start of the dyno's process to its first statement: Node's start and few imports, ms. */
const BOOT_MS = { low: 80, high: 300 }
/** SIGTERM before a process listens ends it with this status. */
const SIGTERM_STATUS = 143

export class SupervisedDyno implements RunningProgram {
  readonly #parts: DynoParts
  readonly #faults: BotFaults
  readonly #process: VirtualProcess
  readonly #streams: PrngStreams
  #supervisor: RunningTarget | undefined
  #bot: VirtualBot | undefined
  #bots = 0
  #isHung = false
  #isGone = false

  constructor(parts: DynoParts, faults: BotFaults) {
    const id = `${parts.context.dynoId}/supervisor`
    this.#parts = parts
    this.#faults = faults
    this.#streams = new PrngStreams(`${parts.seedText}/${id}`)
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

  get ledger(): MemoryLedger | undefined {
    return this.#bot?.ledger
  }

  get isHung(): boolean {
    return this.#isHung
  }

  boot(start: SupervisorStart): void {
    const bootMs = this.#streams.stream('boot').integer(BOOT_MS.low, BOOT_MS.high)
    this.#parts.world.scheduler.schedule('dyno.process-start', bootMs, () => {
      this.#process.deliver(() => this.#begin(start))
    })
  }

  /** Heroku sends SIGTERM to every process of the dyno. */
  terminate(): void {
    if (this.#supervisor === undefined) {
      this.#leave(SIGTERM_STATUS)
      return
    }
    this.#process.deliver(() => this.#supervisor?.terminate())
    this.#bot?.kill('SIGTERM')
  }

  kill(): void {
    this.#isGone = true
    this.#bot?.vanish()
    this.#process.kill()
  }

  hang(): void {
    this.#isHung = true
    this.#process.hang()
    this.#bot?.setDynoHung(true)
  }

  resume(): void {
    this.#isHung = false
    this.#process.resume()
    this.#bot?.setDynoHung(false)
  }

  memoryBytes(): MemoryUse {
    return { rssAndSwap: LEDGER_BASE_BYTES.supervisor + (this.#bot?.ledger.residentBytes() ?? 0), cache: 0 }
  }

  parked(): string[] {
    return [this.#process.describe(), ...(this.#bot?.parked() ?? [])]
  }

  recordTimers(): void {
    recordTimers(this.#parts.world, this.#process)
    this.#bot?.recordTimers()
  }

  #begin(start: SupervisorStart): void {
    const { world, config, context } = this.#parts
    const { dynoId } = context
    // Before anything else, as main.ts does.
    context.bindPort()
    this.#supervisor = start({
      config,
      owner: context.bootUuid,
      ports: {
        clock: this.#process,
        random: this.#streams,
        logger: tracingLogger({ parts: world, process: this.#process, dynoId }),
        spawner: this.#spawner(),
        memoryProbe: {
          sample: () => {
            const usedBytes = this.memoryBytes().rssAndSwap
            return { usedBytes, measure: 'pss', heapUsedBytes: 0, heapTotalBytes: 0 }
          },
        },
        exit: { exit: (reason) => this.#exits(reason) },
      },
    })
  }

  #spawner(): ChildProcessSpawner {
    return {
      spawn: (spawn) => {
        this.#process.assertUsable('spawner')
        this.#bots += 1
        const bot = new VirtualBot({
          dyno: this.#parts,
          faults: this.#faults,
          number: this.#bots,
          otherBytes: LEDGER_BASE_BYTES.supervisor,
          spawn: {
            ...spawn,
            onMessage: (message) => spawn.onMessage(message),
            onExit: (exit) => {
              if (this.#bot === bot) this.#bot = undefined
              spawn.onExit(exit)
            },
          },
          deliverToSupervisor: (callback) => this.#process.deliver(callback),
        })
        this.#bot = bot
        if (this.#isHung) bot.setDynoHung(true)
        return bot
      },
    }
  }

  /** The supervisor has ended itself, and with it the dyno: in an event of its own. */
  #exits(reason: DynoExitReason): void {
    if (!this.#process.assertUsable('exit')) return
    this.#process.beginExit()
    this.#parts.world.scheduler.schedule('supervisor.ended', 0, () => this.#leave(DYNO_EXIT_STATUS[reason]))
  }

  #leave(status: number): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#parts.context.exited(status)
  }
}
