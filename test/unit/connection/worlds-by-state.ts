/** A policy world in each state, and ways to go on from there. */

import type { ConnectionState } from '../../../src/connection/connection-state.ts'
import { PolicyWorld } from './policy-world.ts'

export type Status = ConnectionState['status']

/** A world in each state, reached the ordinary way. */
export const WORLDS: Readonly<Record<Status, () => PolicyWorld>> = {
  standby: () => new PolicyWorld(),
  charging: () => after('standby', (world) => world.hold()),
  waiting: () => after('charging', (world) => world.answer({ status: 'unreachable' })),
  connecting: () => after('charging', (world) => world.grant()),
  pairing: () => after('connecting', (world) => world.qr()),
  open: () => after('connecting', (world) => world.open()),
  ending: () => after('open', (world) => world.close(428)),
  halted: () => after('open', (world) => world.fail(401)),
  stopped: () => after('standby', (world) => void world.dispatch({ type: 'stop' })),
}
export const STATUSES = Object.keys(WORLDS).filter(isStatus)

export function after(status: Status, move: (world: PolicyWorld) => void): PolicyWorld {
  const world = WORLDS[status]()
  move(world)
  return world
}

function isStatus(name: string): name is Status {
  return name in WORLDS
}
