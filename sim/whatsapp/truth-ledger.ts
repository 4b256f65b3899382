/**
 * What really happened, as the server and its simulated people know it: plain data for checkers and tests. It
 * never steers. Lists are bounded; what a list had to forget is counted.
 */

import type { Device } from './directory/directory.ts'
import { BoundedList } from './bounded-list.ts'
import { StepLedger } from './signal/step-ledger.ts'
import { idsOf } from './wire/stanza.ts'
import type { Stanza } from './wire/stanza.ts'

const KEPT_MESSAGES = 200_000
const KEPT_CONNECTIONS = 50_000
const KEPT_FAILURES = 50_000
const KEPT_TROUBLES = 1_000

/** A message that a client handed to the server. */
export interface SentTruth {
  readonly id: string
  /** The sending device, `lid.device`. */
  readonly from: string
  /** The chat as the sender addressed it. */
  readonly to: string
  readonly type: string
  readonly atMs: number
  /** Devices that it carried ciphertext for; 0 means that nobody could have read it. */
  readonly recipients: number
}

export interface ReceiptTruth {
  readonly id: string
  readonly from: string
  readonly to: string
  /** `delivery` stands for a receipt without type. */
  readonly type: string
  readonly atMs: number
}

export interface PresenceTruth {
  readonly from: string
  readonly type: string
  readonly to: string | undefined
  readonly atMs: number
}

export interface AckTruth {
  readonly id: string
  readonly from: string
  readonly class: string
  /** The number with which the client refused the stanza. */
  readonly error: string | undefined
  readonly atMs: number
}

export interface ConnectionTruth {
  readonly number: number
  readonly openedAtMs: number
  /** `lid.device` once logged in. */
  device: string | undefined
  loggedInAtMs: number | undefined
  closedAtMs: number | undefined
  /** The routing that the client brought from an earlier connection, in hexadecimal. */
  routing: string | undefined
}

/** One message that a simulated device could not read at first. */
export interface FailureTruth {
  readonly id: string
  /** The simulated device, `lid.device`. */
  readonly at: string
  /** The sending device, `lid.device`. */
  readonly from: string
  readonly error: string
  readonly atMs: number
  attempts: number
  healedAtMs: number | undefined
}

export class TruthLedger {
  readonly sent = new BoundedList<SentTruth>(KEPT_MESSAGES)
  readonly receipts = new BoundedList<ReceiptTruth>(KEPT_MESSAGES)
  readonly acks = new BoundedList<AckTruth>(KEPT_MESSAGES)
  readonly presences = new BoundedList<PresenceTruth>(KEPT_MESSAGES)
  readonly connections = new BoundedList<ConnectionTruth>(KEPT_CONNECTIONS)
  readonly failures = new Map<string, FailureTruth>()
  readonly steps = new StepLedger()
  /** How often each query was asked, as `xmlns/type/child`. */
  readonly queries = new Map<string, number>()
  /** Those of them that the server does not know, and answered with an empty result. */
  readonly unknownQueries = new Map<string, number>()
  /** Streams that did not speak the protocol. */
  protocolErrors = 0
  /** What the server itself failed to do, in words; nothing, when all is well. */
  readonly troubles = new BoundedList<string>(KEPT_TROUBLES)

  noteSent(sender: Device, message: Stanza): void {
    const participants = Array.isArray(message.content)
      ? message.content.flatMap((child) =>
          child.tag === 'participants' && Array.isArray(child.content) ? child.content : [],
        )
      : []
    const hasOwn = Array.isArray(message.content) && message.content.some((child) => child.tag === 'enc')
    this.sent.push({
      id: message.attrs['id'] ?? '',
      from: addressOf(sender),
      to: message.attrs['to'] ?? '',
      type: message.attrs['type'] ?? '',
      atMs: Date.now(),
      recipients: participants.length + (hasOwn ? 1 : 0),
    })
  }

  noteReceipt(sender: Device, receipt: Stanza): void {
    for (const id of idsOf(receipt)) {
      this.receipts.push({
        id,
        from: addressOf(sender),
        to: receipt.attrs['to'] ?? '',
        type: receipt.attrs['type'] ?? 'delivery',
        atMs: Date.now(),
      })
    }
  }

  noteAck(sender: Device, ack: Stanza): void {
    this.acks.push({
      id: ack.attrs['id'] ?? '',
      from: addressOf(sender),
      class: ack.attrs['class'] ?? '',
      error: ack.attrs['error'],
      atMs: Date.now(),
    })
  }

  notePresence(sender: Device, presence: Stanza): void {
    this.presences.push({
      from: addressOf(sender),
      type: presence.attrs['type'] ?? presence.tag,
      to: presence.attrs['to'],
      atMs: Date.now(),
    })
  }

  noteQuery(name: string, isKnown: boolean): void {
    this.queries.set(name, (this.queries.get(name) ?? 0) + 1)
    if (!isKnown) this.unknownQueries.set(name, (this.unknownQueries.get(name) ?? 0) + 1)
  }

  /** For work that nobody waits for: its failure is kept instead of ending the process. */
  async watch(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.troubles.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  noteUnreadable(at: Device, from: string, id: string, error: unknown): FailureTruth {
    const key = failureKey(at, from, id)
    const known = this.failures.get(key)
    if (known !== undefined) {
      known.attempts += 1
      return known
    }
    const failure = {
      id,
      at: addressOf(at),
      from,
      error: error instanceof Error ? error.message : String(error),
      atMs: Date.now(),
      attempts: 1,
      healedAtMs: undefined,
    }
    this.failures.set(key, failure)
    const oldest = this.failures.size > KEPT_FAILURES ? this.failures.keys().next().value : undefined
    if (oldest !== undefined) this.failures.delete(oldest)
    return failure
  }

  noteReadable(at: Device, from: string, id: string): void {
    const failure = this.failures.get(failureKey(at, from, id))
    if (failure !== undefined) failure.healedAtMs ??= Date.now()
  }
}

function failureKey(at: Device, from: string, id: string): string {
  return `${addressOf(at)}/${from}/${id}`
}

/** `lid.device`, by which the truth and Signal know a device. */
export function addressOf(device: Device): string {
  return `${device.person.lid}.${device.number}`
}
