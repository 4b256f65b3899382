/**
 * Which faults are in force, and how often each has struck. The board only knows; connections, the port and the
 * sessions ask it at each step and obey.
 */

import type { Fault, FaultKind } from './fault.ts'

export type FaultOf<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>

/** Handed to whoever injected the fault. */
export interface InjectedFault {
  readonly fault: Fault
  /** How often it has changed what a client saw, or a client's frames were swallowed. */
  readonly struck: number
  readonly isInForce: boolean
  /** Ends the fault; what it has swallowed stays lost. May be called twice. */
  lift(): Promise<void>
}

export class ActiveFault<Injected extends Fault = Fault> {
  readonly fault: Injected
  struck = 0
  isLifted = false

  constructor(fault: Injected) {
    this.fault = fault
  }

  get isInForce(): boolean {
    const { times } = this.fault
    return !this.isLifted && (times === undefined || this.struck < times)
  }

  /** It has struck. @returns what it says */
  strike(): Injected {
    this.struck += 1
    return this.fault
  }
}

export class FaultBoard {
  readonly #active = new Set<ActiveFault>()

  /** Every fault that was injected and not lifted, spent ones included. */
  get all(): readonly ActiveFault[] {
    return [...this.#active]
  }

  add(fault: Fault): ActiveFault {
    const active = new ActiveFault(fault)
    this.#active.add(active)
    return active
  }

  remove(active: ActiveFault): void {
    active.isLifted = true
    this.#active.delete(active)
  }

  /**
   * The first fault of this kind in force for the device.
   * @param device `lid.device`, or undefined while nobody has logged in: then only faults for all clients count
   */
  find<Kind extends FaultKind>(
    kind: Kind,
    device: string | undefined,
    matches: (fault: FaultOf<Kind>) => boolean = () => true,
  ): ActiveFault<FaultOf<Kind>> | undefined {
    for (const active of this.#active) {
      if (!isOf(active, kind) || !active.isInForce) continue
      const wanted = active.fault.device
      if ((wanted === undefined || wanted === device) && matches(active.fault)) return active
    }
    return undefined
  }

  /** Like `find`, and counts a strike. */
  strike<Kind extends FaultKind>(
    kind: Kind,
    device: string | undefined,
    matches?: (fault: FaultOf<Kind>) => boolean,
  ): FaultOf<Kind> | undefined {
    return this.find(kind, device, matches)?.strike()
  }
}

function isOf<Kind extends FaultKind>(active: ActiveFault, kind: Kind): active is ActiveFault<FaultOf<Kind>> {
  return active.fault.kind === kind
}
