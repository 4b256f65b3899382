/**
 * Brings faults into force and lifts them. An injection is complete when the fault holds on every connection:
 * what strikes at once has been written, sockets have been paused, the port is closed.
 */

import { isOneTime, perform } from './connection-faults.ts'
import type { Connection } from '../connection/connection.ts'
import type { HttpHost } from '../http-host.ts'
import type { TruthLedger } from '../truth-ledger.ts'
import type { OneTimeFault } from './connection-faults.ts'
import type { Fault } from './fault.ts'
import type { ActiveFault, FaultBoard, InjectedFault } from './fault-board.ts'

export interface InjectorNeeds {
  readonly board: FaultBoard
  readonly host: HttpHost
  readonly truth: TruthLedger
  readonly connections: ReadonlySet<Connection>
}

export class Injector {
  readonly #needs: InjectorNeeds
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #injected = new Map<ActiveFault, InjectedFault>()
  #isStopped = false

  constructor(needs: InjectorNeeds) {
    this.#needs = needs
  }

  /** Not lifted; in the order of injection. */
  get injected(): readonly InjectedFault[] {
    return [...this.#injected.values()]
  }

  /** @throws Error after `stop` */
  async inject(fault: Fault): Promise<InjectedFault> {
    if (this.#isStopped) throw new Error('this fake WhatsApp is closed')
    const active = this.#needs.board.add(fault)
    const injected = this.#handleOf(active)
    if (!isOver(fault)) this.#injected.set(active, injected)
    await this.#enforce(active)
    if (fault.forMs !== undefined) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        void this.#needs.truth.watch(`lifting ${fault.kind}`, async () => injected.lift())
      }, fault.forMs)
      this.#timers.add(timer)
    }
    return injected
  }

  /** Lifts nothing, but no fault lifts itself any more, and lifting one does not open the port again. */
  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #handleOf(active: ActiveFault): InjectedFault {
    return {
      fault: active.fault,
      lift: async () => this.#lift(active),
      get struck() {
        return active.struck
      },
      get isInForce() {
        return active.isInForce
      },
    }
  }

  async #enforce(active: ActiveFault): Promise<void> {
    const { fault } = active
    if (fault.kind === 'refuse') {
      active.strike()
      this.#needs.host.stopListening()
    }
    if (fault.kind === 'black-hole') {
      for (const connection of this.#affected(fault)) {
        active.strike()
        connection.socket.pause()
      }
    }
    if (isOver(fault)) {
      // It is over with this: whoever connects while it is being written is not meant.
      this.#needs.board.remove(active)
      await Promise.all(
        this.#affected(fault).map(async (connection) => {
          active.strike()
          await perform(fault, connection)
        }),
      )
    }
  }

  async #lift(active: ActiveFault): Promise<void> {
    if (active.isLifted) return
    this.#needs.board.remove(active)
    this.#injected.delete(active)
    if (this.#isStopped) return
    if (active.fault.kind === 'refuse' && this.#needs.board.find('refuse', undefined) === undefined) {
      await this.#needs.host.listen()
    }
    if (active.fault.kind === 'black-hole') {
      for (const connection of this.#affected(active.fault)) connection.socket.resume()
    }
  }

  #affected(fault: Fault): Connection[] {
    return [...this.#needs.connections].filter(
      (connection) => fault.device === undefined || connection.truth.device === fault.device,
    )
  }
}

/** Strikes at once and is over with it. */
function isOver(fault: Fault): fault is OneTimeFault {
  return isOneTime(fault) && (fault.at ?? 'now') === 'now'
}
