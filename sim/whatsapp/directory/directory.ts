/**
 * Who is who: people by both of their numbers, their devices, and groups. Adding gives free numbers, so that a
 * test need not choose any.
 */

import { parseJid } from './jid.ts'
import type { Addressing, Numbers } from './jid.ts'
import type { KeyBundle } from './key-bundle.ts'
import type { Stanza } from '../wire/stanza.ts'

/** Somewhere a stanza can be delivered: a real client's device or a simulated one. */
export interface Device {
  readonly person: Person
  /** 0 is the phone. */
  readonly number: number
  readonly isSimulated: boolean
  /** False while it has published no keys, and once it has been removed. */
  readonly canReceive: boolean
  /** A bundle to start a session with this device, using up one of its one-time keys. */
  takeBundle(): KeyBundle | undefined
  deliver(stanza: Stanza): void
  /** Somebody has left a group that this device is in, so its key for the group must change. */
  memberLeft(group: string): void
}

export interface Person extends Numbers {
  name: string
  readonly devices: Map<number, Device>
  /** How this person's own messages are addressed outside groups. */
  readonly addressing: Addressing
}

export type Admin = 'admin' | 'superadmin'

export interface GroupRecord {
  /** `…@g.us` */
  readonly jid: string
  subject: string
  description: { readonly id: string; readonly text: string } | undefined
  readonly addressing: Addressing
  readonly creator: Person | undefined
  readonly createdAtS: number
  readonly members: Map<Person, Admin | null>
  /** Setting tags in force, such as `announcement`, `locked`, `ephemeral`, with their attributes. */
  readonly settings: Map<string, Readonly<Record<string, string>>>
  inviteCode: string
}

const FIRST_LID = 100_000_000_000_000
const FIRST_GROUP = 120_363_000_000_000_000n

export class Directory {
  readonly people = new Set<Person>()
  readonly groups = new Map<string, GroupRecord>()
  readonly #byUser = new Map<string, Person>()
  #nextLid = FIRST_LID
  #nextGroup = FIRST_GROUP
  readonly #nextPhone = new Map<string, number>()

  /**
   * Free numbers beginning with `prefix`, or the phone number given.
   * @throws Error when the phone number is taken or not made of digits
   */
  allot(prefix: string, phoneNumber?: string): Numbers {
    if (phoneNumber !== undefined && !/^\d{5,15}$/.test(phoneNumber)) {
      throw new Error(`phone number "${phoneNumber}" must be 5 to 15 digits, with the country's code`)
    }
    if (phoneNumber !== undefined && this.#byUser.has(phoneNumber)) {
      throw new Error(`phone number ${phoneNumber} is taken on this server`)
    }
    this.#nextLid += 1
    return { pn: phoneNumber ?? this.#freePhone(prefix), lid: String(this.#nextLid) }
  }

  add(person: Person): void {
    this.people.add(person)
    this.#byUser.set(person.pn, person)
    this.#byUser.set(person.lid, person)
  }

  newGroupJid(): string {
    this.#nextGroup += 1n
    return `${this.#nextGroup}@g.us`
  }

  /** The person behind a phone number or LID, whatever device the jid names. */
  person(jid: string | undefined): Person | undefined {
    const parsed = parseJid(jid)
    return parsed === undefined || parsed.server === 'g.us' ? undefined : this.#byUser.get(parsed.user)
  }

  device(jid: string | undefined): Device | undefined {
    return this.person(jid)?.devices.get(parseJid(jid)?.device ?? 0)
  }

  #freePhone(prefix: string): string {
    let next = this.#nextPhone.get(prefix) ?? 1
    while (this.#byUser.has(phone(prefix, next))) next += 1
    this.#nextPhone.set(prefix, next + 1)
    return phone(prefix, next)
  }
}

function phone(prefix: string, number: number): string {
  return `${prefix}${String(number).padStart(5, '0')}`
}
