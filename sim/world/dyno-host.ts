/**
 * What runs inside the simulated dynos: the target's processes, two where it has a supervisor, else one. What a
 * process does is the target's matter, what a dyno does is Heroku's.
 */

import type { Config } from '../../src/config.ts'
import type { DynoContext, DynoProgram, RunningProgram } from '../dyno/dyno-program.ts'
import type { MemoryLedger } from '../fakes/memory-ledger.ts'
import type { Target } from '../targets/target.ts'
import type { BotFaults } from './bot-faults.ts'
import { LoneDyno } from './lone-dyno.ts'
import type { WorldParts } from './process-ports.ts'
import { SupervisedDyno } from './supervised-dyno.ts'

export interface DynoHostOptions {
  readonly seedText: string
  readonly parts: WorldParts
  readonly target: Target
  readonly config: Config
  readonly botFaults: BotFaults
  /** A call from beyond the grave, or an uncaught error: fails the run. */
  onMisdeed(processId: string, message: string): void
}

export class DynoHost implements DynoProgram {
  readonly #options: DynoHostOptions
  /** Oldest first. */
  readonly #dynos = new Set<SupervisedDyno | LoneDyno>()

  constructor(options: DynoHostOptions) {
    this.#options = options
  }

  start(context: DynoContext): RunningProgram {
    const { seedText, parts: world, target, config, botFaults } = this.#options
    const onMisdeed = (id: string, message: string): void => this.#options.onMisdeed(id, message)
    const parts = { seedText, world, target, config, context, onMisdeed }
    const { startSupervisor } = target
    if (startSupervisor === undefined) {
      const lone = new LoneDyno(parts)
      lone.boot()
      return this.#hosted(lone)
    }
    const supervised = new SupervisedDyno(parts, botFaults)
    supervised.boot(startSupervisor)
    return this.#hosted(supervised)
  }

  /** The ledger of the newest bot process there is. */
  ledger(): MemoryLedger | undefined {
    return this.#inflatable()?.ledger
  }

  /** True while the dyno of that process hangs. */
  isSuspended(): boolean {
    return this.#inflatable()?.isHung ?? false
  }

  /** What each dyno holds now. */
  readings(): { readonly dynoId: string; readonly usedBytes: number }[] {
    return [...this.#dynos].map((dyno) => ({
      dynoId: dyno.dynoId,
      usedBytes: dyno.memoryBytes().rssAndSwap,
    }))
  }

  /** What each living process waits for, in words; for the report of a deadlock. */
  parked(): string[] {
    return [...this.#dynos].flatMap((dyno) => dyno.parked())
  }

  /** Records what each living process holds; for the leak checker. */
  recordTimers(): void {
    for (const dyno of this.#dynos) dyno.recordTimers()
  }

  #inflatable(): SupervisedDyno | LoneDyno | undefined {
    return [...this.#dynos].findLast((dyno) => dyno.ledger !== undefined)
  }

  /** The dyno kills what it runs at its end, whatever that was. */
  #hosted(dyno: SupervisedDyno | LoneDyno): RunningProgram {
    this.#dynos.add(dyno)
    return {
      terminate: () => dyno.terminate(),
      kill: () => {
        this.#dynos.delete(dyno)
        dyno.kill()
      },
      hang: () => dyno.hang(),
      resume: () => dyno.resume(),
      memoryBytes: () => dyno.memoryBytes(),
    }
  }
}
