/**
 * A contact: somebody with a phone, and perhaps more devices, who chats with the bot. All of it is simulated
 * by the server with real Signal keys.
 */

import { addSimulatedDevices, SimulatedPerson } from './simulated-person.ts'
import type { Addressing } from '../directory/jid.ts'
import type { DeviceWorld } from './simulated-device.ts'
import type { Habits } from './device-owner.ts'

export interface ContactOptions {
  /** The name that others see beside messages. Default `Contact` and the phone number's end. */
  readonly name?: string
  /** Digits only, with the country's code. A free one when not given. */
  readonly phoneNumber?: string
  /** How many devices, the phone included. Default 1. */
  readonly devices?: number
  /** Whether direct messages name the contact by phone number or by LID. Default `pn`. */
  readonly addressing?: Addressing
  readonly habits?: Partial<Habits>
}

const MAX_DEVICES = 100

export class Contact extends SimulatedPerson {}

const PHONE_PREFIX = '155522'

/** @throws Error for a phone number that is taken or none, RangeError for a wrong number of devices */
export function makeContact(world: DeviceWorld, options: ContactOptions = {}): Contact {
  const count = options.devices ?? 1
  if (!Number.isInteger(count) || count < 1 || count > MAX_DEVICES) {
    throw new RangeError(`devices: ${count} is not a whole number from 1 to ${MAX_DEVICES}`)
  }
  const numbers = world.directory.allot(PHONE_PREFIX, options.phoneNumber)
  const name = options.name ?? `Contact ${numbers.pn.slice(-5)}`
  const contact = new Contact(numbers, name, options.addressing ?? 'pn')
  Object.assign(contact.habits, options.habits)
  world.directory.add(contact)
  addSimulatedDevices(
    contact,
    Array.from({ length: count }, (_, index) => index),
    world,
  )
  return contact
}
