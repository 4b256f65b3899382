/**
 * An account: a phone that the server plays, and the real clients linked to it. The phone scans QR texts, types
 * pairing codes, writes its own messages, and can remove what it has linked.
 */

import { Curve } from '@whiskeysockets/baileys'
import type { KeyPair } from '@whiskeysockets/baileys'
import { LinkedDevice } from '../directory/linked-device.ts'
import { jidOf } from '../directory/jid.ts'
import { makeLinkedAuth } from './linked-auth.ts'
import { announceDevice } from './device-news.ts'
import { SimulatedDevice } from './simulated-device.ts'
import { SimulatedPerson } from './simulated-person.ts'
import { historyMessage } from './history.ts'
import { resendAnswer } from './resend-answer.ts'
import type { Device } from '../directory/directory.ts'
import type { KeyBundle } from '../directory/key-bundle.ts'
import type { Pairings } from '../login/pairings.ts'
import type { Conversation } from './history.ts'
import type { ReceivedMessage } from './inbox.ts'
import type { LinkedAuth, LinkedAuthOptions } from './linked-auth.ts'
import type { MessageContent } from './sealed-mail.ts'
import type { DeviceWorld } from './simulated-device.ts'

export interface AccountOptions {
  readonly name?: string
  /** Digits only, with the country's code. A free one when not given. */
  readonly phoneNumber?: string
}

export interface AccountWorld extends DeviceWorld {
  readonly pairings: Pairings
}

const PHONE_PREFIX = '155500'
/** Not 1, so that a test that confuses device numbers with counts does not pass by luck. */
const FIRST_LINKED_DEVICE = 5

export class Account extends SimulatedPerson {
  /** Vouches for linked devices; also the phone's Signal identity. */
  readonly key: KeyPair = Curve.generateKeyPair()
  readonly #world: AccountWorld
  #lastDevice = FIRST_LINKED_DEVICE - 1
  #pairings = 0

  constructor(world: AccountWorld, options: AccountOptions = {}) {
    const numbers = world.directory.allot(PHONE_PREFIX, options.phoneNumber)
    super(numbers, options.name ?? `Account ${numbers.pn.slice(-5)}`, 'pn')
    this.#world = world
    this.habits.sendsDelivery = false
    this.devices.set(0, new SimulatedDevice(this, 0, world, this.key))
    world.directory.add(this)
  }

  /** The real clients linked to this account, in the order of linking. */
  get linkedDevices(): LinkedDevice[] {
    return [...this.devices.values()].filter((device) => device instanceof LinkedDevice)
  }

  /** How often somebody had to take the phone in hand: QR codes scanned and pairing codes typed, with success. */
  get pairings(): number {
    return this.#pairings
  }

  /**
   * The phone scans what the client shows. Resolves when the client has been told, not yet when it is back.
   * @throws Error when no client waits under this QR text's reference
   */
  async scanQr(qrText: string): Promise<LinkedDevice> {
    return this.#greet(await this.#world.pairings.scan(this, qrText))
  }

  /**
   * The phone types the pairing code that a client shows for this account's number.
   * @throws Error when no client asked for a code for this number, or the code is another
   */
  async enterPairingCode(code: string): Promise<LinkedDevice> {
    return this.#greet(await this.#world.pairings.enterCode(this, code))
  }

  /** A device that is linked already: what a client needs to log in as it, without any pairing. */
  linkedDevice(options: LinkedAuthOptions = {}): LinkedAuth {
    return makeLinkedAuth(this, options)
  }

  /** Device numbers are not used again, not even after a removal. */
  nextDeviceNumber(): number {
    this.#lastDevice += 1
    return this.#lastDevice
  }

  /** Links a device that shows these keys; pairing and `linkedDevice` end here. */
  addLinkedDevice(bundle: KeyBundle, number: number): LinkedDevice {
    const device = new LinkedDevice(this, number)
    device.upload({ bundle, preKeys: [] })
    this.devices.set(number, device)
    announceDevice(this.#world.postOffice, 'add', device)
    return device
  }

  /** The phone removes a linked device: its connection ends with 401, and its logins are refused. */
  removeDevice(device: LinkedDevice): void {
    this.forgetDevice(device)
    device.link?.endRemoved()
  }

  /** Takes the device off the account's list; `removeDevice` and a client's own logout end here. */
  forgetDevice(device: LinkedDevice): void {
    device.isRemoved = true
    device.mailbox.clear()
    this.devices.delete(device.number)
    announceDevice(this.#world.postOffice, 'remove', device)
  }

  /**
   * The phone sends its chats, inline, to one linked device or to all.
   * @returns ids of the messages that carry them
   */
  async sendHistory(conversations: readonly Conversation[], to = this.linkedDevices): Promise<string[]> {
    const content = historyMessage(conversations)
    return Promise.all(to.map((device) => this.#sendToOwn(content, device)))
  }

  /** In no chat. */
  #sendToOwn(content: MessageContent, device: Device): Promise<string> {
    const self = { kind: 'direct', with: this, addressing: 'pn' } as const
    return this.simulatedDevice(0).send(self, content, { category: 'peer', only: [device] })
  }

  /** What comes to the phone; a linked device that asks for what it could not read is answered. */
  override received(message: ReceivedMessage): void {
    const answer = resendAnswer(message, this.inbox.messages)
    super.received(message)
    const asking = this.devices.get(message.fromDevice)
    if (answer === undefined || asking === undefined) return
    void this.#world.truth.watch('a phone sends again', () => this.#sendToOwn(answer, asking))
  }

  /** A phone sends what it has to a newly linked device; clients hold back what else comes until they have it. */
  async #greet(device: LinkedDevice): Promise<LinkedDevice> {
    this.#pairings += 1
    await this.sendHistory([], [device])
    return device
  }

  /** The jid of a linked device as clients know themselves, `number:device@s.whatsapp.net`. */
  jidOf(device: LinkedDevice): string {
    return jidOf(this, 'pn', device.number)
  }
}
