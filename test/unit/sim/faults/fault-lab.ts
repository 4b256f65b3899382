/** An injector over a dyno model whose program does nothing, and over a WhatsApp that is only its switches. */

import { WhatsappFaults } from '../../../../sim/fakes/whatsapp-faults.ts'
import { MemoryLedger } from '../../../../sim/fakes/memory-ledger.ts'
import { faultSchema } from '../../../../sim/faults/fault.ts'
import type { FaultInput } from '../../../../sim/faults/fault.ts'
import { Injector } from '../../../../sim/faults/injector.ts'
import { StoreFaults } from '../../../../sim/faults/store-faults.ts'
import { BotFaults } from '../../../../sim/world/bot-faults.ts'
import { PrngStreams } from '../../../../sim/world/prng.ts'
import type { TraceEvent } from '../../../../sim/world/trace.ts'
import { dynoLab } from '../dyno/dyno-lab.ts'
import type { DynoLab } from '../dyno/dyno-lab.ts'

export interface FaultLab {
  readonly dynos: DynoLab
  readonly whatsapp: WhatsappFaults
  readonly store: StoreFaults
  /** What the server was told to do at once. */
  readonly acts: string[]
  /** Connections that there are; tests change it. */
  connections: number
  /** Kinds of the faults that never struck. */
  unstruck(): string[]
  /** Runs `action` at a moment of the world. */
  at(atMs: number, action: () => void): void
  runTo(atMs: number): Promise<void>
  /** When each fault began and was lifted. */
  marks(kind: string): TraceEvent[]
}

/** @param faults scheduled at once, as a run does it */
export function faultLab(
  faults: readonly FaultInput[],
  options: { seed?: number; connections?: number; hasDyno?: boolean } = {},
): FaultLab {
  const { seed = 1, connections = 0, hasDyno = false } = options
  const dynos = dynoLab({ habits: () => ({ bindMs: 10, exitMs: 100 }) })
  if (!hasDyno) dynos.model.stop()
  const { scheduler, trace } = dynos
  const streams = new PrngStreams(`faults/${seed}`)
  const acts: string[] = []
  const ledger = new MemoryLedger({ role: 'bot', stream: streams.stream('memory') })
  const whatsapp = new WhatsappFaults({
    disconnectAll: ({ statusCode }) => {
      acts.push(`disconnect ${statusCode}`)
      return lab.connections
    },
    unlinkDevice: () => lab.connections,
    connections: () => lab.connections,
    releaseFrames: () => acts.push('release'),
    setDeaf: (deafness) => acts.push(`deaf ${deafness}`),
    phoneTurnedOn: () => acts.push('phone on'),
    scanShownCodes: () => undefined,
  })
  const store = new StoreFaults({
    scheduler,
    stream: streams.stream('store'),
    currentDynoId: () => dynos.model.currentDynoId,
  })
  const injector = new Injector({
    scheduler,
    trace,
    stream: streams.stream('time'),
    whatsapp,
    heroku: dynos.model,
    store,
    bots: new BotFaults({ scheduler, stream: streams.stream('bot') }),
    ledger: () => (hasDyno ? ledger : undefined),
    isSuspended: () => false,
  })
  const lab: FaultLab = {
    dynos,
    whatsapp,
    store,
    acts,
    connections,
    unstruck: () => injector.unstruck().map((text) => text.split(' ')[1] ?? ''),
    at: (atMs, action) => void scheduler.schedule('test', atMs - scheduler.nowMs, action),
    runTo: async (atMs) => void (await scheduler.run(atMs)),
    marks: (kind) => dynos.of(`fault.${kind}`),
  }
  injector.schedule(faults.map((fault) => faultSchema.parse(fault)))
  return lab
}
