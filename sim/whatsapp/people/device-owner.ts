/** The person behind a device that the server plays, as that device knows it: what it does with what it learns. */

import type { Person } from '../directory/directory.ts'
import type { ReceivedMessage } from './inbox.ts'

export interface ReceivedReceipt {
  readonly id: string
  /** `delivery`, `inactive`, `read`, `retry` … */
  readonly type: string
  readonly from: string
  readonly atMs: number
}

/** What the person behind the device does with what the device learns. */
export interface DeviceOwner extends Person {
  readonly habits: Habits
  received(message: ReceivedMessage): void
  receiptReceived(receipt: ReceivedReceipt): void
}

export interface Habits {
  /** Says that it received a message. Default true. */
  sendsDelivery: boolean
  /** Says that it read a message, at once. Default false. */
  sendsRead: boolean
  /** Confirms to the account's linked clients what they sent; a phone that is on does. Default true. */
  confirmsOwn: boolean
  /** Asks again for what it cannot read. Default true. */
  asksAgain: boolean
  /** Sends again what others could not read. Default true. */
  sendsAgain: boolean
}
