/** The faults at work now, asked by kind; several of one kind add up where that has a meaning. */

import type { ActiveFault, ProxyFault } from './proxy-fault.ts'

type OfKind<Kind extends ProxyFault['kind']> = Extract<ProxyFault, { kind: Kind }>

export class ActiveFaults {
  readonly #faults = new Set<ActiveFault>()

  add(fault: ActiveFault): void {
    this.#faults.add(fault)
  }

  delete(fault: ActiveFault): boolean {
    return this.#faults.delete(fault)
  }

  all(): readonly ActiveFault[] {
    return [...this.#faults]
  }

  of<Kind extends ProxyFault['kind']>(kind: Kind): readonly ActiveFault<OfKind<Kind>>[] {
    return this.all().filter((each): each is ActiveFault<OfKind<Kind>> => each.fault.kind === kind)
  }

  first<Kind extends ProxyFault['kind']>(kind: Kind): ActiveFault<OfKind<Kind>> | undefined {
    return this.of(kind)[0]
  }
}
