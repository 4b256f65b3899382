/**
 * A person whom the server plays: numbers, habits, what was read and said. Contacts are such persons; an
 * account is one too, with real clients linked beside its phone.
 */

import { Inbox } from './inbox.ts'
import { SimulatedDevice } from './simulated-device.ts'
import { BoundedList } from '../bounded-list.ts'
import { isGroupJid, jidOf } from '../directory/jid.ts'
import type { Device, GroupRecord, Person } from '../directory/directory.ts'
import type { Addressing, Numbers } from '../directory/jid.ts'
import type { Chat } from '../post/envelope.ts'
import type { ReceivedMessage } from './inbox.ts'
import type { MessageContent } from './sealed-mail.ts'
import type { DeviceOwner, Habits, ReceivedReceipt } from './device-owner.ts'
import type { DeviceWorld, SendOptions } from './simulated-device.ts'

const KEPT_RECEIPTS = 100_000

/** Anybody or any group that a message can go to. */
export type Recipient = Person | { readonly record: GroupRecord }

export interface SayOptions extends SendOptions {
  readonly to: Recipient
  /** Number of the device to write on; the phone when not given. */
  readonly fromDevice?: number
}

export class SimulatedPerson implements DeviceOwner {
  readonly pn: string
  readonly lid: string
  name: string
  readonly addressing: Addressing
  readonly devices = new Map<number, Device>()
  readonly habits: Habits = {
    sendsDelivery: true,
    sendsRead: false,
    confirmsOwn: true,
    asksAgain: true,
    sendsAgain: true,
  }
  readonly inbox = new Inbox()
  readonly #receipts = new BoundedList<ReceivedReceipt>(KEPT_RECEIPTS)

  constructor(numbers: Numbers, name: string, addressing: Addressing) {
    this.pn = numbers.pn
    this.lid = numbers.lid
    this.name = name
    this.addressing = addressing
  }

  /** By phone number: `…@s.whatsapp.net`. */
  get jid(): string {
    return jidOf(this, 'pn')
  }

  get lidJid(): string {
    return jidOf(this, 'lid')
  }

  /** Receipts that came for what this person said, oldest first. */
  get receipts(): ReceivedReceipt[] {
    return this.#receipts.toArray()
  }

  /**
   * Writes a message, sealed for every device of whom it goes to.
   * @param what a text, or content as WhatsApp's protocol knows it
   * @returns the message's id, once it has been handed over
   */
  async say(what: string | MessageContent, { to, fromDevice = 0, ...options }: SayOptions): Promise<string> {
    const content = typeof what === 'string' ? { conversation: what } : what
    // Plain JavaScript gets no help from types, and would wait in vain for what nobody can read.
    if (typeof (content as unknown) !== 'object' || content === null) {
      throw new TypeError(`what to say is a text or the content of a message, not ${typeof what}`)
    }
    return this.simulatedDevice(fromDevice).send(this.#chatWith(to), content, options)
  }

  /** Says that a message was read. */
  read(message: ReceivedMessage): void {
    const participant = isGroupJid(message.chat) ? `${message.from}@s.whatsapp.net` : undefined
    this.simulatedDevice(0).sendReceipt({ id: message.id, to: message.chat, participant }, 'read')
  }

  /** Loses all Signal sessions, as somebody who has set up the phone anew. */
  forgetSessions(): void {
    for (const device of this.devices.values()) {
      if (device instanceof SimulatedDevice) device.mail.endpoint.forgetSessions()
    }
  }

  /** Resolves when everything that was delivered so far has been read and answered. */
  async idle(): Promise<void> {
    for (const device of this.devices.values()) if (device instanceof SimulatedDevice) await device.idle()
  }

  received(message: ReceivedMessage): void {
    this.inbox.add(message)
  }

  receiptReceived(receipt: ReceivedReceipt): void {
    this.#receipts.push(receipt)
  }

  /** @throws Error when the person has no such device, or a real client plays it */
  simulatedDevice(number: number): SimulatedDevice {
    const device = this.devices.get(number)
    if (device instanceof SimulatedDevice) return device
    const simulated = [...this.devices.values()].filter((each) => each.isSimulated).map((each) => each.number)
    throw new Error(`${this.name} has no simulated device ${number}, only ${simulated.join(', ')}`)
  }

  #chatWith(to: Recipient): Chat {
    if (typeof (to as unknown) !== 'object' || !('record' in to || 'devices' in to)) {
      throw new TypeError('to: an account, contact or group of this server, as it was added')
    }
    if ('record' in to) return { kind: 'group', group: to.record }
    return { kind: 'direct', with: to, addressing: this.addressing }
  }
}

/** Adds simulated devices with the given numbers, the phone (0) first. */
export function addSimulatedDevices(
  person: SimulatedPerson,
  numbers: readonly number[],
  world: DeviceWorld,
): void {
  for (const number of numbers) person.devices.set(number, new SimulatedDevice(person, number, world))
}
