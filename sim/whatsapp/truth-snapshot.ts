/** The truth at one moment as plain data, which can also be sent as JSON. */

import type { ReceivedMessage } from './people/inbox.ts'
import type { SimulatedPerson } from './people/simulated-person.ts'
import type { ReceivedReceipt } from './people/device-owner.ts'
import type { ReuseTruth } from './signal/step-ledger.ts'
import { addressOf } from './truth-ledger.ts'
import { SimulatedDevice } from './people/simulated-device.ts'
import type {
  AckTruth,
  ConnectionTruth,
  FailureTruth,
  PresenceTruth,
  ReceiptTruth,
  SentTruth,
  TruthLedger,
} from './truth-ledger.ts'

const MINUTE_MS = 60_000

/** A received message without its raw content. */
export type MessageTruth = Omit<ReceivedMessage, 'content'>

export interface PersonTruth {
  readonly jid: string
  readonly lidJid: string
  readonly name: string
  /** What this person's simulated devices have read, oldest first. */
  readonly received: readonly MessageTruth[]
  /** Receipts for what this person said. */
  readonly receipts: readonly ReceivedReceipt[]
}

export interface SessionTruth {
  /** The simulated device that holds the session, `lid.device`. */
  readonly holder: string
  /** The device it is with. */
  readonly with: string
}

export interface TruthSnapshot {
  readonly people: readonly PersonTruth[]
  /** Messages from clients, oldest first. */
  readonly sent: readonly SentTruth[]
  readonly receipts: readonly ReceiptTruth[]
  readonly acks: readonly AckTruth[]
  readonly presences: readonly PresenceTruth[]
  readonly connections: readonly ConnectionTruth[]
  /** Connections begun within any minute, at most. */
  readonly mostConnectionsInAMinute: number
  readonly sessions: readonly SessionTruth[]
  /** Messages that a simulated device could not read at first; healed when it could in the end. */
  readonly failures: readonly FailureTruth[]
  readonly unhealedFailures: number
  /** One key used for two different texts. */
  readonly keyReuses: readonly ReuseTruth[]
  /** Different ratchet steps seen; 0 means that reuse could not have been seen. */
  readonly ratchetSteps: number
  readonly queries: Readonly<Record<string, number>>
  readonly unknownQueries: Readonly<Record<string, number>>
  readonly protocolErrors: number
  /** What the server itself failed to do; empty, when all is well. */
  readonly troubles: readonly string[]
}

export function takeSnapshot(ledger: TruthLedger, people: readonly SimulatedPerson[]): TruthSnapshot {
  const connections = ledger.connections.toArray().map((each) => ({ ...each }))
  const failures = [...ledger.failures.values()].map((each) => ({ ...each }))
  return {
    people: people.map(personTruth),
    sent: ledger.sent.toArray(),
    receipts: ledger.receipts.toArray(),
    acks: ledger.acks.toArray(),
    presences: ledger.presences.toArray(),
    connections,
    mostConnectionsInAMinute: mostInAMinute(connections.map((each) => each.openedAtMs)),
    sessions: people.flatMap(sessionsOf),
    failures,
    unhealedFailures: failures.filter((each) => each.healedAtMs === undefined).length,
    keyReuses: [...ledger.steps.reuses],
    ratchetSteps: ledger.steps.size,
    queries: Object.fromEntries(ledger.queries),
    unknownQueries: Object.fromEntries(ledger.unknownQueries),
    protocolErrors: ledger.protocolErrors,
    troubles: ledger.troubles.toArray(),
  }
}

/** @param times in order */
export function mostInAMinute(times: readonly number[]): number {
  let most = 0
  let first = 0
  for (const [index, time] of times.entries()) {
    while (time - (times[first] ?? time) >= MINUTE_MS) first += 1
    most = Math.max(most, index - first + 1)
  }
  return most
}

function personTruth(person: SimulatedPerson): PersonTruth {
  return {
    jid: person.jid,
    lidJid: person.lidJid,
    name: person.name,
    received: person.inbox.messages.map(({ content: _content, ...rest }) => ({
      ...rest,
      openedBy: [...rest.openedBy],
    })),
    receipts: person.receipts,
  }
}

function sessionsOf(person: SimulatedPerson): SessionTruth[] {
  return [...person.devices.values()]
    .filter((device) => device instanceof SimulatedDevice)
    .flatMap((device) =>
      device.mail.endpoint.openSessions().map((other) => ({ holder: addressOf(device), with: other })),
    )
}
