/** What all connections of one server share. */

import type { FaultBoard } from '../faults/fault-board.ts'
import type { SessionFaults } from '../faults/session-faults.ts'
import type { Pairings } from '../login/pairings.ts'
import type { LoginRules } from '../login/login.ts'
import type { QueryWorld } from '../queries/query.ts'
import type { NoiseKeys } from '../wire/noise.ts'
import type { ServerEvent } from '../server-event.ts'
import type { Connection } from './connection.ts'

export interface ServerWorld extends QueryWorld, LoginRules {
  readonly pairings: Pairings
  readonly connections: Set<Connection>
  readonly faults: FaultBoard
  readonly sessionFaults: SessionFaults
  /** How many QR texts a client may show before it has to connect anew. */
  readonly qrRefs: number
  noiseKeys(): NoiseKeys
  notice(event: ServerEvent): void
}
