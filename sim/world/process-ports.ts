/**
 * The ports of one virtual process: the bot's whole view of the world. Each is bound to the process, so all
 * of them are revoked when it dies.
 */

import type { BotPorts } from '../../src/bot-ports.ts'
import type { ExitReason } from '../../src/ports/exit.ts'
import type { LogFields, Logger } from '../../src/ports/logger.ts'
import type { WhatsappConnector } from '../../src/ports/whatsapp-socket.ts'
import type { MemoryLedger } from '../fakes/memory-ledger.ts'
import { createFakeConnector } from '../fakes/whatsapp-connector.ts'
import type { WhatsappServer } from '../fakes/whatsapp-server.ts'
import type { Target } from '../targets/target.ts'
import { SeededSecureRandom } from './prng.ts'
import type { PrngStreams } from './prng.ts'
import type { Scheduler } from './scheduler.ts'
import { StoreGate } from './store-gate.ts'
import type { SerialQueue, StoreFaultSource } from './store-gate.ts'
import type { Trace, TraceData, TraceValue } from './trace.ts'
import type { SessionStores } from './virtual-database.ts'
import type { VirtualProcess } from './virtual-process.ts'

/** What all processes of a world share. */
export interface WorldParts {
  readonly scheduler: Scheduler
  readonly trace: Trace
  readonly server: WhatsappServer
  readonly stores: SessionStores
  readonly queue: SerialQueue
  readonly storeFaults: StoreFaultSource
}

export interface ProcessPortsOptions {
  readonly parts: WorldParts
  readonly process: VirtualProcess
  readonly dynoId: string
  readonly ledger: MemoryLedger
  /** What the dyno's other processes hold, bytes. */
  readonly otherBytes: number
  /** The process's own streams. */
  readonly streams: PrngStreams
  readonly adapter: Target['adapter']
  onExit(reason: ExitReason): void
}

export function processPorts(options: ProcessPortsOptions): BotPorts {
  const { parts, process, dynoId, streams } = options
  const { scheduler, trace, queue, storeFaults: faults } = parts
  const raw = parts.stores.open(new SeededSecureRandom(streams.stream('row-cipher')))
  const stream = streams.stream('store-latency')
  const gate = new StoreGate({ scheduler, trace, process, dynoId, stream, queue, faults })
  return {
    clock: process,
    random: streams,
    secureRandom: new SeededSecureRandom(streams.stream('secure-random')),
    logger: tracingLogger(options),
    sessionStore: gate.sessionStore(raw.sessionStore),
    messageJournal: gate.messageJournal(raw.messageJournal),
    ...tracedMemory(options),
    connector: countingConnector(options),
    exit: { exit: (reason) => options.onExit(reason) },
  }
}

/** What the bot does about memory is seen here, whatever it logs: each is a trace event `memory.reclaim`. */
function tracedMemory({
  parts,
  process,
  dynoId,
  ledger,
  otherBytes,
}: ProcessPortsOptions): Pick<BotPorts, 'memoryProbe' | 'reclaimers'> {
  const dynoBytes = (): number => ledger.totalBytes() + otherBytes
  const probe = ledger.memoryProbe(process, dynoBytes)
  const record = (what: string): void => {
    const data = { dynoId, what, usedBytes: dynoBytes() }
    parts.trace.record({ atMs: parts.scheduler.nowMs, source: process.id, kind: 'memory.reclaim', data })
  }
  return {
    memoryProbe: {
      sample: () => probe.sample(),
      collectGarbage: () => {
        record('garbage')
        return probe.collectGarbage()
      },
    },
    reclaimers: ledger.reclaimers(process).map((reclaimer) => ({
      name: reclaimer.name,
      cost: reclaimer.cost,
      reclaim: () => {
        record(reclaimer.name)
        return reclaimer.reclaim()
      },
    })),
  }
}

/** The fake WhatsApp, with each message's and each new contact's cost in memory. */
function countingConnector({
  parts,
  process,
  ledger,
  streams,
  adapter,
}: ProcessPortsOptions): WhatsappConnector {
  const { scheduler, server } = parts
  const secureRandom = new SeededSecureRandom(streams.stream('whatsapp-keys'))
  const connector = createFakeConnector({ scheduler, server, process, streams, adapter, secureRandom })
  const contacts = new Set<string>()
  return {
    freshCreds: () => connector.freshCreds(),
    isPaired: (creds) => connector.isPaired(creds),
    connect: (connectOptions) =>
      connector.connect({
        ...connectOptions,
        accept: (message) => {
          ledger.onMessage()
          if (!contacts.has(message.chat)) {
            contacts.add(message.chat)
            ledger.onContact()
          }
          return connectOptions.accept(message)
        },
      }),
  }
}

/** Each log line is a trace event `log.<event>`; debug lines are left out. */
export function tracingLogger({
  parts,
  process,
  dynoId,
}: Pick<ProcessPortsOptions, 'parts' | 'process' | 'dynoId'>): Logger {
  const { scheduler, trace } = parts
  const write = (level: string, event: string, fields: LogFields = {}): void => {
    if (!process.assertUsable('logger')) return
    const data: Record<string, TraceValue> = { level, dynoId }
    for (const name in fields) {
      const value = fields[name]
      if (value !== undefined) data[name] = value
    }
    const logged: TraceData = data
    trace.record({ atMs: scheduler.nowMs, source: process.id, kind: `log.${event}`, data: logged })
  }
  return {
    debug: () => undefined,
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, fields) => write('error', event, fields),
  }
}
