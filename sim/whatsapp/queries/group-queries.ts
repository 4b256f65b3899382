/** Queries about groups: making, reading and changing them. Only admins may change members and settings. */

import { randomBytes } from 'node:crypto'
import { announce, changeMembers, newGroup, newInviteCode } from '../groups/group-changes.ts'
import { groupStanza, participantStanza } from '../groups/group-stanza.ts'
import { childOf, childrenOf, stanza, textOf } from '../wire/stanza.ts'
import { refusal } from './query.ts'
import type { GroupRecord, Person } from '../directory/directory.ts'
import type { MemberAction } from '../groups/group-changes.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { Answer, Query, Topic } from './query.ts'

const SETTINGS: Readonly<Record<string, string>> = {
  announcement: 'announcement',
  not_announcement: 'announcement',
  locked: 'locked',
  unlocked: 'locked',
  ephemeral: 'ephemeral',
  not_ephemeral: 'ephemeral',
}
const NOT_FOUND = refusal(404, 'item-not-found')
const FORBIDDEN = refusal(403, 'forbidden')

export const groupQueries: Topic = {
  'w:g2/get/query': (query) => inGroup(query, (group) => answerFrom(group, [groupStanza(group)])),
  'w:g2/get/participating': ({ device, world }) => {
    const groups = [...world.directory.groups.values()].filter((group) => group.members.has(device.person))
    return { kind: 'result', content: [stanza('groups', {}, groups.map(groupStanza))], from: '@g.us' }
  },
  'w:g2/set/create': (query) => create(query),
  'w:g2/set/add': (query) => change(query, 'add'),
  'w:g2/set/remove': (query) => change(query, 'remove'),
  'w:g2/set/promote': (query) => change(query, 'promote'),
  'w:g2/set/demote': (query) => change(query, 'demote'),
  'w:g2/set/leave': (query) => leave(query),
  'w:g2/set/subject': (query) => asAdmin(query, (group) => setSubject(query, group)),
  'w:g2/set/description': (query) => asAdmin(query, (group) => setDescription(query, group)),
  'w:g2/get/invite': (query) => invite(query),
  'w:g2/set/invite': (query) =>
    query.inner?.attrs['code'] === undefined ? invite(query, true) : join(query),
  ...Object.fromEntries(
    Object.keys(SETTINGS).map((tag) => [
      `w:g2/set/${tag}`,
      (query: Query) => asAdmin(query, (group) => setSetting(query, group, tag)),
    ]),
  ),
}

function create({ device, inner, world }: Query): Answer {
  const jids = childrenOf(inner, 'participant').map((each) => each.attrs['jid'])
  const members = jids.map((jid) => world.directory.person(jid))
  if (members.includes(undefined)) return NOT_FOUND
  const group = newGroup(world, {
    subject: inner?.attrs['subject'] ?? '',
    creator: device.person,
    members: members.filter((person) => person !== undefined),
    addressing: 'lid',
    askedBy: device,
  })
  return { kind: 'result', content: [groupStanza(group)], from: '@g.us' }
}

function change(query: Query, action: MemberAction): Answer {
  return asAdmin(query, (group) => {
    const { device, inner, world } = query
    const asked = childrenOf(inner, 'participant').map((each) => each.attrs['jid'] ?? '')
    const people = asked.map((jid) => world.directory.person(jid))
    const known = people.filter((person) => person !== undefined)
    const results = changeMembers(world, {
      group,
      actor: device.person,
      action,
      people: known,
      askedBy: device,
    })
    const answers = asked.map((jid, index) => {
      const person = people[index]
      if (person === undefined) return stanza('participant', { jid, error: '404' })
      return participantStanza(person, group.addressing, { jid, error: results.get(person) })
    })
    return answerFrom(group, [stanza(action, {}, answers)])
  })
}

function leave({ device, inner, world }: Query): Answer {
  for (const { attrs } of childrenOf(inner, 'group')) {
    const group = world.directory.groups.get(attrs['id'] ?? '')
    if (group === undefined) return NOT_FOUND
    const { person } = device
    changeMembers(world, { group, actor: person, action: 'remove', people: [person], askedBy: device })
  }
  return { kind: 'result', content: [stanza('leave')], from: '@g.us' }
}

function setSubject({ device, inner }: Query, group: GroupRecord): Answer {
  group.subject = textOf(inner)
  announce(group, device.person, stanza('subject', { subject: group.subject }), device)
  return answerFrom(group)
}

function setDescription({ device, inner }: Query, group: GroupRecord): Answer {
  const body = childOf(inner, 'body')
  const id = inner?.attrs['id'] ?? randomBytes(8).toString('hex')
  group.description = body === undefined ? undefined : { id, text: textOf(body) }
  const content = body === undefined ? [] : [body]
  announce(group, device.person, stanza('description', { id }, content), device)
  return answerFrom(group)
}

function setSetting({ device, inner }: Query, group: GroupRecord, tag: string): Answer {
  const setting = SETTINGS[tag] ?? tag
  if (setting === tag) group.settings.set(tag, inner?.attrs ?? {})
  else group.settings.delete(setting)
  announce(group, device.person, stanza(tag, inner?.attrs), device)
  return answerFrom(group)
}

function invite(query: Query, isRenewal = false): Answer {
  return asAdmin(query, (group) => {
    if (isRenewal) group.inviteCode = newInviteCode()
    return answerFrom(group, [stanza('invite', { code: group.inviteCode })])
  })
}

function join({ device, inner, world }: Query): Answer {
  const code = inner?.attrs['code']
  const group = [...world.directory.groups.values()].find((each) => each.inviteCode === code)
  if (group === undefined) return refusal(406, 'not-acceptable')
  const { person } = device
  changeMembers(world, { group, actor: person, action: 'add', people: [person], askedBy: device })
  return { kind: 'result', content: [stanza('group', { jid: group.jid })], from: '@g.us' }
}

function asAdmin(query: Query, act: (group: GroupRecord) => Answer): Answer {
  return inGroup(query, (group, person) => (group.members.get(person) === null ? FORBIDDEN : act(group)))
}

function inGroup(query: Query, act: (group: GroupRecord, person: Person) => Answer): Answer {
  const group = query.world.directory.groups.get(query.iq.attrs['to'] ?? '')
  if (group === undefined) return NOT_FOUND
  return group.members.has(query.device.person) ? act(group, query.device.person) : FORBIDDEN
}

function answerFrom(group: GroupRecord, content?: Stanza[]): Answer {
  return { kind: 'result', from: group.jid, ...(content === undefined ? {} : { content }) }
}
