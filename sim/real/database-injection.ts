/** Brings faults of the database into force: those of the proxy before it, and those of the server itself. */

import type { RealFaultOf } from '../faults/real-fault.ts'
import type { FaultProxy } from '../postgres/fault-proxy/fault-proxy.ts'
import type { RealStage } from './real-stage.ts'
import { proxyFaultsOf, strikesOf } from './store-faults.ts'
import type { StoreFault } from './store-faults.ts'

export type DatabaseFault = StoreFault | RealFaultOf<'postgres-server' | 'postgres-failover'>

/** Something that was brought into force. `strikes`: undefined where they cannot be seen. */
export interface InForce {
  strikes(): number | undefined
  lift(): Promise<void>
}

export interface DatabaseInjectionDeps {
  readonly database: FaultProxy
  readonly server: Pick<RealStage, 'takeServerDown' | 'bringServerBack' | 'failOver'>
}

/** @throws InfrastructureError when the server does not go down */
export async function injectIntoDatabase(
  fault: DatabaseFault,
  { database, server }: DatabaseInjectionDeps,
): Promise<InForce> {
  if (fault.kind === 'postgres-server') {
    await server.takeServerDown(fault.how)
    return { strikes: () => undefined, lift: () => server.bringServerBack() }
  }
  if (fault.kind === 'postgres-failover') {
    await server.failOver()
    return { strikes: () => undefined, lift: () => Promise.resolve() }
  }
  const handles = await Promise.all(proxyFaultsOf(fault).map((each) => database.inject(each)))
  return {
    strikes: () => strikesOf(handles),
    lift: async () => {
      for (const handle of handles) await handle.lift()
    },
  }
}
