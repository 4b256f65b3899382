/**
 * What runs inside a simulated dyno: one bot process at a time, with all its ports, and the restart of that
 * process inside the dyno for targets that have a supervisor. Owns the wiring of ports to the world; what a
 * process does is the target's matter, what a dyno does is Heroku's.
 */

import type { BotPorts } from '../../src/bot.ts'
import type { Config } from '../../src/config.ts'
import { EXIT_STATUS } from '../../src/ports/exit.ts'
import type { ExitReason } from '../../src/ports/exit.ts'
import type { LogFields, Logger } from '../../src/ports/logger.ts'
import type { WhatsappConnector } from '../../src/ports/whatsapp-socket.ts'
import type { DynoContext, DynoProgram, RunningProgram } from '../dyno/dyno-program.ts'
import type { MemoryUse } from '../dyno/memory-verdict.ts'
import { MemoryLedger } from '../fakes/memory-ledger.ts'
import { createFakeConnector } from '../fakes/whatsapp-connector.ts'
import type { WhatsappServer } from '../fakes/whatsapp-server.ts'
import type { RunningTarget, Target } from '../targets/target.ts'
import { PrngStreams, SeededSecureRandom } from './prng.ts'
import type { Scheduler } from './scheduler.ts'
import { StoreGate } from './store-gate.ts'
import type { SerialQueue, StoreFaultSource } from './store-gate.ts'
import type { Trace, TraceData } from './trace.ts'
import type { SessionStores } from './virtual-database.ts'
import { VirtualProcess } from './virtual-process.ts'

export interface DynoHostOptions {
  readonly seedText: string
  readonly scheduler: Scheduler
  readonly trace: Trace
  readonly server: WhatsappServer
  readonly stores: SessionStores
  readonly queue: SerialQueue
  readonly storeFaults: StoreFaultSource
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
    this.#options.scheduler.schedule('dyno.process-start', bootMs, () => {
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
    return { rssAndSwap: this.#ledger?.totalBytes() ?? 0, cache: 0 }
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
    const { scheduler, target, config, onMisdeed } = this.#options
    this.#spawned += 1
    const id = `${this.#context.dynoId}/bot.${this.#spawned}`
    const process: VirtualProcess = new VirtualProcess({
      id,
      scheduler,
      dynoClock: this.#context.clock,
      timerDelayMs: () => this.#context.timerDelayMs(),
      onMisdeed: (message) => onMisdeed(id, message),
    })
    const streams = new PrngStreams(`${this.#options.seedText}/${id}`)
    const ledger = new MemoryLedger({ role: 'whole-dyno', stream: streams.stream('memory') })
    this.#process = process
    this.#ledger = ledger
    this.#record(id, 'process.started', {})
    process.deliver(() => {
      const ports = this.#ports(process, ledger, streams)
      const bindPort = (): void => this.#context.bindPort()
      this.#target = target.start({ ports, config, owner: this.#context.bootUuid, bindPort })
    })
  }

  #ports(process: VirtualProcess, ledger: MemoryLedger, streams: PrngStreams): BotPorts {
    const { scheduler, trace, stores, queue, storeFaults } = this.#options
    const cipherRandom = new SeededSecureRandom(streams.stream('row-cipher'))
    const raw = stores.open(cipherRandom)
    const gate = new StoreGate({
      ...{ scheduler, trace, process, queue, faults: storeFaults },
      dynoId: this.#context.dynoId,
      stream: streams.stream('store-latency'),
    })
    return {
      clock: process,
      random: streams,
      secureRandom: new SeededSecureRandom(streams.stream('secure-random')),
      logger: this.#logger(process),
      sessionStore: gate.sessionStore(raw.sessionStore),
      messageJournal: gate.messageJournal(raw.messageJournal),
      memoryProbe: ledger.memoryProbe(process, () => ledger.totalBytes()),
      reclaimers: ledger.reclaimers(process),
      connector: this.#connector(process, ledger, streams),
      exit: { exit: (reason) => this.#exited(process, reason) },
    }
  }

  /** The fake WhatsApp, with each message's and each new contact's cost in memory. */
  #connector(process: VirtualProcess, ledger: MemoryLedger, streams: PrngStreams): WhatsappConnector {
    const { server, target, scheduler } = this.#options
    const connector = createFakeConnector({
      ...{ scheduler, server, process, streams, adapter: target.adapter },
      secureRandom: new SeededSecureRandom(streams.stream('whatsapp-keys')),
    })
    const contacts = new Set<string>()
    return {
      freshCreds: () => connector.freshCreds(),
      isPaired: (creds) => connector.isPaired(creds),
      connect: (options) =>
        connector.connect({
          ...options,
          accept: (message) => {
            ledger.onMessage()
            if (!contacts.has(message.chat)) {
              contacts.add(message.chat)
              ledger.onContact()
            }
            return options.accept(message)
          },
        }),
    }
  }

  #logger(process: VirtualProcess): Logger {
    const write = (level: string, event: string, fields: LogFields = {}): void => {
      if (!process.assertUsable('logger')) return
      const data: Record<string, TraceData[string]> = { level, dynoId: this.#context.dynoId }
      for (const name in fields) {
        const value = fields[name]
        if (value !== undefined) data[name] = value
      }
      this.#record(process.id, `log.${event}`, data)
    }
    return {
      debug: () => undefined,
      info: (event, fields) => write('info', event, fields),
      warn: (event, fields) => write('warn', event, fields),
      error: (event, fields) => write('error', event, fields),
    }
  }

  /** The process has ended itself; its end takes effect in an event of its own. */
  #exited(process: VirtualProcess, reason: ExitReason): void {
    if (!process.assertUsable('exit')) return
    process.exit()
    this.#record(process.id, 'process.exited', { reason })
    this.#options.scheduler.schedule('process.exit', 0, () => {
      if (this.#isGone || this.#process !== process) return
      this.#endProcess()
      if (!this.#options.target.hasSupervisor || this.#isTerminating) {
        this.#leave(EXIT_STATUS[reason])
        return
      }
      this.#options.scheduler.schedule('process.respawn', RESPAWN_MS, () => {
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
    this.#options.trace.record({ atMs: this.#options.scheduler.nowMs, source, kind, data })
  }
}
