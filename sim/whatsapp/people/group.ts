/**
 * A group as a test holds it. Changes made here are announced to the members' devices, as WhatsApp does it when
 * somebody changes a group on a phone.
 */

import { jidOf } from '../directory/jid.ts'
import { changeMembers, newGroup } from '../groups/group-changes.ts'
import type { Admin, GroupRecord, Person } from '../directory/directory.ts'
import type { Addressing } from '../directory/jid.ts'
import type { MemberAction } from '../groups/group-changes.ts'
import type { DeviceWorld } from './simulated-device.ts'

export interface GroupOptions {
  readonly subject: string
  /** The first is the creator, and superadmin. */
  readonly participants: readonly Person[]
  /** Whether members are known by LID (as in new groups) or by phone number. Default `lid`. */
  readonly addressing?: Addressing
}

export class Group {
  readonly record: GroupRecord
  readonly #world: DeviceWorld

  constructor(world: DeviceWorld, record: GroupRecord) {
    this.#world = world
    this.record = record
  }

  get jid(): string {
    return this.record.jid
  }

  get subject(): string {
    return this.record.subject
  }

  /** Members by phone number, with what they may do. */
  get members(): { readonly jid: string; readonly admin: Admin | null }[] {
    return [...this.record.members].map(([person, admin]) => ({ jid: jidOf(person, 'pn'), admin }))
  }

  add(...people: Person[]): void {
    this.#change('add', people)
  }

  remove(...people: Person[]): void {
    this.#change('remove', people)
  }

  promote(...people: Person[]): void {
    this.#change('promote', people)
  }

  demote(...people: Person[]): void {
    this.#change('demote', people)
  }

  #change(action: MemberAction, people: readonly Person[]): void {
    changeMembers(this.#world, { group: this.record, actor: this.record.creator, action, people })
  }
}

/** @throws Error without a subject or participants */
export function makeGroup(world: DeviceWorld, options: GroupOptions): Group {
  const [creator] = options.participants
  if (creator === undefined) throw new Error('participants: a group needs at least one')
  if (options.subject === '') throw new Error('subject: a group needs one')
  const record = newGroup(world, {
    subject: options.subject,
    creator,
    members: options.participants,
    addressing: options.addressing ?? 'lid',
  })
  return new Group(world, record)
}
