/**
 * A device that a real client plays: the keys it has uploaded, what waits for it, and the connection it is on,
 * if any. It outlives connections, which is why a bot may restart as often as it likes.
 */

import { Mailbox } from './mailbox.ts'
import { SERVER, stanza } from '../wire/stanza.ts'
import type { Device, Person } from './directory.ts'
import type { KeyBundle, PublicPreKey, UploadedKeys } from './key-bundle.ts'
import type { Stanza } from '../wire/stanza.ts'

/** WhatsApp asks for more one-time keys when fewer than these are left (Baileys uploads below 5). */
const LOW_PRE_KEYS = 5

/** Whoever linked the device, and can unlink it. */
export interface DeviceHolder extends Person {
  forgetDevice(device: LinkedDevice): void
}

/** The part of a connection that a device needs. */
export interface DeviceLink {
  send(stanza: Stanza): void
  /** Another connection has logged in as the same device. */
  endReplaced(): void
  /** The phone, or the client itself, has unlinked the device. */
  endRemoved(): void
}

export class LinkedDevice implements Device {
  readonly person: DeviceHolder
  readonly number: number
  readonly isSimulated = false
  readonly mailbox = new Mailbox()
  /** True after a logout or a removal by the phone: its next login is refused. */
  isRemoved = false
  /** What the client last said of itself: `available` or `unavailable`. */
  presence: string | undefined
  #bundle: KeyBundle | undefined
  #preKeys: PublicPreKey[] = []
  #link: DeviceLink | undefined
  #isReady = false
  #lowPreKeyNotices = 0
  #awaitsPreKeys = false

  constructor(person: DeviceHolder, number: number) {
    this.person = person
    this.number = number
  }

  get preKeyCount(): number {
    return this.#preKeys.length
  }

  get canReceive(): boolean {
    return this.#bundle !== undefined && !this.isRemoved
  }

  get link(): DeviceLink | undefined {
    return this.#link
  }

  get registrationId(): number {
    return this.#bundle?.registrationId ?? 0
  }

  /** The first login need not bring hundreds of one-time keys: the server says that it still has one. */
  claimsPreKey = false

  /** What the server answers when the client asks how many one-time keys it has. */
  get countedPreKeys(): number {
    return this.#preKeys.length === 0 && this.claimsPreKey ? 1 : this.#preKeys.length
  }

  upload({ bundle, preKeys }: UploadedKeys): void {
    this.#bundle = bundle
    const fresh = new Set(preKeys.map((key) => key.id))
    this.#preKeys = [...this.#preKeys.filter((key) => !fresh.has(key.id)), ...preKeys]
    this.#awaitsPreKeys = false
  }

  rotate(signedPreKey: KeyBundle['signedPreKey']): void {
    if (this.#bundle !== undefined) this.#bundle = { ...this.#bundle, signedPreKey }
  }

  takeBundle(): KeyBundle | undefined {
    if (this.#bundle === undefined) return undefined
    const preKey = this.#preKeys.shift()
    if (this.#preKeys.length < LOW_PRE_KEYS && !this.#awaitsPreKeys) this.#askForPreKeys()
    return preKey === undefined ? this.#bundle : { ...this.#bundle, preKey }
  }

  /** A connection has logged in as this device. Nothing is delivered before `drain`. */
  attach(link: DeviceLink): void {
    const before = this.#link
    this.#link = link
    before?.endReplaced()
    this.#isReady = false
  }

  detach(link: DeviceLink): void {
    if (this.#link !== link) return
    this.#link = undefined
    this.#isReady = false
  }

  deliver(incoming: Stanza): void {
    const number = this.mailbox.add(incoming)
    if (!this.#isReady) return
    this.mailbox.markDelivered(number)
    this.#link?.send(incoming)
  }

  memberLeft(): void {
    // A real client changes its own key.
  }

  /** Sends everything that waited, marked offline, then says that this was all; from now on delivers at once. */
  drain(): void {
    const waiting = this.mailbox.waiting()
    for (const { number, stanza: each, deliveries } of waiting) {
      this.mailbox.markDelivered(number)
      this.#link?.send({ ...each, attrs: { ...each.attrs, offline: String(deliveries) } })
    }
    this.#link?.send(stanza('ib', { from: SERVER }, [stanza('offline', { count: String(waiting.length) })]))
    this.#isReady = true
  }

  #askForPreKeys(): void {
    this.#awaitsPreKeys = true
    this.#lowPreKeyNotices += 1
    this.deliver(
      stanza('notification', { from: SERVER, type: 'encrypt', id: `low-${this.#lowPreKeyNotices}` }, [
        stanza('count', { value: String(this.#preKeys.length) }),
      ]),
    )
  }
}
