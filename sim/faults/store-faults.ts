/**
 * Faults of the database as the gate asks for them, one call at a time: slowness, outage, calls that fail
 * after all, and signals that arrive while a statement is under way. Chance comes from one stream.
 */

import type { PrngStream } from '../world/prng.ts'
import type { Scheduler } from '../world/scheduler.ts'
import type { StoreFault } from '../world/store-gate.ts'
import type { StoreOperation } from '../world/store-trace.ts'
import type { Fault, FaultOf } from './fault.ts'

type StoreSpan = FaultOf<'store-latency' | 'store-outage' | 'store-flaky'>
type WriteSignal = FaultOf<'signal-mid-write'>

interface Awaited {
  readonly fault: WriteSignal
  act(signal: WriteSignal['signal']): boolean
}

/** A signal comes within this after the statement was issued: before, while or after it lands. */
const SIGNAL_WITHIN_MS = 8

export class StoreFaults {
  readonly #scheduler: Scheduler
  readonly #stream: PrngStream
  /** With the dynos that each one strikes. */
  readonly #active = new Map<StoreSpan, { strikes(dynoId: string): boolean }>()
  #awaited: Awaited[] = []
  readonly #strikes = new Map<Fault, number>()
  readonly #currentDynoId: () => string | undefined

  constructor(options: { scheduler: Scheduler; stream: PrngStream; currentDynoId(): string | undefined }) {
    this.#scheduler = options.scheduler
    this.#stream = options.stream
    this.#currentDynoId = () => options.currentDynoId()
  }

  strikesOf(fault: Fault): number {
    return this.#strikes.get(fault) ?? 0
  }

  /** Switches for a fault that lasts. */
  begin(fault: StoreSpan): { on(): void; off(): void } {
    return {
      on: () => {
        const isPartial = fault.kind === 'store-outage' && fault.scope === 'current-dyno'
        const onlyDynoId = this.#currentDynoId()
        this.#active.set(fault, { strikes: (dynoId) => !isPartial || dynoId === onlyDynoId })
      },
      off: () => this.#active.delete(fault),
    }
  }

  /** Sends a signal to the dyno at its next call of the fault's operation. */
  awaitWrite(fault: WriteSignal, act: (signal: WriteSignal['signal']) => boolean): void {
    this.#awaited.push({ fault, act })
  }

  /** What happens to this call; undefined when nothing does. */
  decide(operation: StoreOperation, dynoId: string): StoreFault | undefined {
    if (this.#awaited.length > 0) this.#signalDuring(operation, dynoId)
    if (this.#active.size === 0) return undefined
    let extraLatencyMs = 0
    let failure: StoreFault['failure']
    for (const [fault, aim] of this.#active) {
      if (!aim.strikes(dynoId)) continue
      if (fault.kind === 'store-flaky' && !this.#isFlaky(fault, operation)) continue
      this.#strikes.set(fault, this.strikesOf(fault) + 1)
      if (fault.kind === 'store-latency')
        extraLatencyMs += Math.round(fault.extraMs * this.#stream.between(0.5, 1))
      if (fault.kind === 'store-outage') {
        extraLatencyMs += fault.answerMs
        failure = { code: fault.code, isLanded: false }
      }
      if (fault.kind === 'store-flaky') failure = { code: fault.code, isLanded: this.#isLanded(fault) }
    }
    return { extraLatencyMs, failure }
  }

  #isFlaky({ operations, probability }: FaultOf<'store-flaky'>, operation: StoreOperation): boolean {
    if (operations !== undefined && !operations.includes(operation)) return false
    return this.#stream.chance(probability)
  }

  #isLanded(fault: FaultOf<'store-flaky'>): boolean {
    if (fault.isLanded === 'either') return this.#stream.chance(0.5)
    return fault.isLanded === 'always'
  }

  #signalDuring(operation: StoreOperation, dynoId: string): void {
    const index = this.#awaited.findIndex(({ fault }) => fault.operation === operation)
    const awaited = this.#awaited[index]
    if (awaited === undefined || dynoId !== this.#currentDynoId()) return
    this.#awaited.splice(index, 1)
    this.#scheduler.schedule('fault.signal', this.#stream.integer(0, SIGNAL_WITHIN_MS), () => {
      if (awaited.act(awaited.fault.signal))
        this.#strikes.set(awaited.fault, this.strikesOf(awaited.fault) + 1)
    })
  }
}
