/**
 * Changes to groups, and the news of them. The record changes first; then every device of everybody who is or
 * was a member hears of it by a notification, except the device that asked for the change: it gets an answer.
 */

import { randomBytes } from 'node:crypto'
import { jidOf } from '../directory/jid.ts'
import { secondsNow, stanza } from '../wire/stanza.ts'
import { groupStanza, participantStanza } from './group-stanza.ts'
import type { Admin, Device, Directory, GroupRecord, Person } from '../directory/directory.ts'
import type { Addressing } from '../directory/jid.ts'
import type { Stanza } from '../wire/stanza.ts'

export type MemberAction = 'add' | 'remove' | 'promote' | 'demote'

export interface GroupWorld {
  readonly directory: Directory
}

export interface NewGroup {
  readonly subject: string
  readonly creator: Person | undefined
  readonly members: readonly Person[]
  readonly addressing: Addressing
  /** The device that asked for it, and so hears nothing. */
  readonly askedBy?: Device
}

export interface MemberChange {
  readonly group: GroupRecord
  readonly actor: Person | undefined
  readonly action: MemberAction
  readonly people: readonly Person[]
  readonly askedBy?: Device
}

export function newGroup(
  world: GroupWorld,
  { subject, creator, members, addressing, askedBy }: NewGroup,
): GroupRecord {
  const everybody = new Set(creator === undefined ? members : [creator, ...members])
  const group: GroupRecord = {
    jid: world.directory.newGroupJid(),
    subject,
    description: undefined,
    addressing,
    creator,
    createdAtS: Math.floor(Date.now() / 1000),
    members: new Map([...everybody].map((person) => [person, person === creator ? 'superadmin' : null])),
    settings: new Map(),
    inviteCode: newInviteCode(),
  }
  world.directory.groups.set(group.jid, group)
  announce(group, creator, stanza('create', { type: 'new' }, [groupStanza(group)]), askedBy)
  return group
}

/** @returns for each person whether the change took: an error number where it did not */
export function changeMembers(
  _world: GroupWorld,
  { group, actor, action, people, askedBy }: MemberChange,
): Map<Person, string | undefined> {
  const results = new Map(people.map((person) => [person, applyTo(group, action, person)]))
  const changed = people.filter((person) => results.get(person) === undefined)
  if (changed.length === 0) return results
  const news = stanza(
    action,
    {},
    changed.map((person) => participantStanza(person, group.addressing)),
  )
  announce(group, actor, news, askedBy, action === 'remove' ? changed : [])
  if (action === 'remove') {
    for (const person of group.members.keys()) {
      for (const device of person.devices.values()) device.memberLeft(group.jid)
    }
  }
  return results
}

/** Tells every device of the members, and of those who were members until now. */
export function announce(
  group: GroupRecord,
  actor: Person | undefined,
  news: Stanza,
  askedBy?: Device,
  former: readonly Person[] = [],
): void {
  const other = group.addressing === 'lid' ? 'pn' : 'lid'
  const attrs = {
    from: group.jid,
    type: 'w:gp2',
    t: secondsNow(),
    participant: actor === undefined ? undefined : jidOf(actor, group.addressing),
    [`participant_${other}`]: actor === undefined ? undefined : jidOf(actor, other),
    addressing_mode: group.addressing,
    notify: actor?.name,
  }
  for (const person of new Set([...group.members.keys(), ...former])) {
    for (const device of person.devices.values()) {
      if (device === askedBy) continue
      device.deliver(stanza('notification', { ...attrs, id: newNewsId() }, [news]))
    }
  }
}

export function newInviteCode(): string {
  return randomBytes(11).toString('base64url')
}

/** The numbers are WhatsApp's: 404 nobody here by that name, 409 already a member. */
function applyTo(group: GroupRecord, action: MemberAction, person: Person): string | undefined {
  const isMember = group.members.has(person)
  switch (action) {
    case 'add':
      if (isMember) return '409'
      group.members.set(person, null)
      return undefined
    case 'remove':
      return group.members.delete(person) ? undefined : '404'
    case 'promote':
    case 'demote':
      if (!isMember) return '404'
      group.members.set(person, action === 'promote' ? keepSuper(group.members.get(person)) : null)
      return undefined
  }
}

function keepSuper(admin: Admin | null | undefined): Admin {
  return admin === 'superadmin' ? 'superadmin' : 'admin'
}

function newNewsId(): string {
  return randomBytes(8).toString('hex').toUpperCase()
}
