/** Who acts in a run at the real level: the people who write, the owner who links, and the faults. */

import type { RealPart } from '../scenario.ts'
import type { PrngStreams } from '../world/prng.ts'
import type { Observers } from './observers.ts'
import { Owner } from './owner.ts'
import { People } from './people.ts'
import { ProcessFaults } from './process-faults.ts'
import { RealInjector } from './real-injector.ts'
import { ADMIN_TOKEN } from './real-stage.ts'
import type { RealStage } from './real-stage.ts'

export interface CastOptions {
  readonly stage: RealStage
  readonly observers: Observers
  readonly part: RealPart
  readonly streams: PrngStreams
  /** True when the bot's own page asks to be linked. */
  readonly hasOwner: boolean
  /** The lab could not do what it should. */
  onFailure(what: string, error: unknown): void
}

/** The last messages get this long to be answered. */
const LAST_WORDS_MS = 5_000

export class Cast {
  readonly #options: CastOptions
  readonly #people: People
  readonly #owner: Owner | undefined
  readonly #injector: RealInjector
  readonly #processFaults: ProcessFaults

  constructor(options: CastOptions) {
    const { observers, streams, stage, hasOwner } = options
    this.#options = options
    this.#processFaults = new ProcessFaults({
      processes: observers.processes,
      workerOf: (bot) => observers.workerOf(bot),
      stream: streams.stream('faults/processes'),
      record: (source, kind, data) => observers.record(source, kind, data),
    })
    this.#people = this.#createPeople()
    this.#injector = this.#createInjector()
    const { account, sim } = stage
    const onPaired = (): void => {
      observers.record('whatsapp', 'wa.paired', {})
      this.#people.start(observers.trace.nowMs)
    }
    this.#owner = hasOwner
      ? new Owner({ account, adminToken: ADMIN_TOKEN, routerPort: () => sim.port, onPaired })
      : undefined
  }

  /** Times count on the run's clock. A device that is not linked yet gets nothing that is said before. */
  start(): void {
    this.#injector.schedule(this.#options.part.faults)
    if (this.#owner === undefined) this.#people.start(this.#options.observers.trace.nowMs)
    else this.#owner.start()
  }

  /** Whether every fault has struck and is over. */
  get areFaultsOver(): boolean {
    return this.#injector.isOver
  }

  /** Faults that never took effect, as text. */
  unstruck(): string[] {
    return this.#injector.unstruck()
  }

  stop(): void {
    this.#people.stop()
    this.#owner?.stop()
    this.#injector.stop()
    this.#processFaults.stop()
  }

  #createPeople(): People {
    const { stage, observers, part, streams } = this.#options
    return new People({
      whatsapp: stage.whatsapp,
      account: stage.account,
      part,
      untilMs: part.durationMs - LAST_WORDS_MS,
      stream: streams.stream('workload'),
      record: (kind, data) => observers.record('people', kind, data),
      onFailure: (error) => this.#options.onFailure('a message could not be sent', error),
    })
  }

  #createInjector(): RealInjector {
    const { stage, observers, streams } = this.#options
    const { whatsapp, account, database, sim, hub, clocks } = stage
    return new RealInjector({
      stream: streams.stream('faults/time'),
      whatsapp,
      account,
      database,
      server: stage,
      sim,
      processes: this.#processFaults,
      hub,
      clocks,
      newestBoot: () => observers.processes.newestBoot,
      nowMs: () => observers.trace.nowMs,
      record: (kind, data) => observers.record('fault', kind, data),
      onFailure: (error) => this.#options.onFailure('a fault could not be injected', error),
    })
  }
}
