/** Who is on WhatsApp, with which devices and under which LID: WhatsApp calls it usync. */

import { addressingOf, jidOf } from '../directory/jid.ts'
import { allChildren, childOf, childrenOf, stanza, textOf } from '../wire/stanza.ts'
import { result } from './query.ts'
import type { Device, Person } from '../directory/directory.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { Answer, Query, Topic } from './query.ts'

export const usyncQueries: Topic = { 'usync/get/usync': (query) => answerUsync(query) }

function answerUsync({ inner, world, device }: Query): Answer {
  const asked = allChildren(childOf(inner, 'query')).map((each) => each.tag)
  const users = childrenOf(childOf(inner, 'list'), 'user').map((user) => {
    const jid = user.attrs['jid'] ?? jidOfPhone(textOf(childOf(user, 'contact')))
    const person = world.directory.person(jid)
    const parts = asked.flatMap((tag) => answerPart(tag, jid, person, device))
    return stanza('user', { jid }, parts)
  })
  const { sid, mode, context } = inner?.attrs ?? {}
  return result([
    stanza('usync', { sid, mode, context, last: 'true', index: '0' }, [
      stanza(
        'result',
        {},
        asked.map((tag) => stanza(tag)),
      ),
      stanza('list', {}, users),
    ]),
  ])
}

function answerPart(tag: string, jid: string, person: Person | undefined, asking: Device): Stanza[] {
  switch (tag) {
    case 'devices':
      return [
        stanza('devices', {}, [stanza('device-list', {}, person === undefined ? [] : list(person, asking))]),
      ]
    case 'lid':
      // Asked by LID, there is nothing to map.
      return person === undefined || addressingOf(jid) === 'lid'
        ? []
        : [stanza('lid', { val: jidOf(person, 'lid') })]
    case 'contact':
      return [stanza('contact', { type: person === undefined ? 'out' : 'in' })]
    case 'status':
      return person === undefined ? [] : [stanza('status', { t: '0' }, Buffer.from('Hey there!'))]
    default:
      return []
  }
}

/** The asking device is left out: some clients would ask for a bundle of themselves. */
function list(person: Person, asking: Device): Stanza[] {
  return [...person.devices.values()]
    .filter((device) => device !== asking && device.canReceive)
    .map(({ number }) =>
      stanza('device', { id: String(number), 'key-index': number === 0 ? undefined : String(number) }),
    )
}

function jidOfPhone(phone: string): string {
  return `${phone.replace(/\D/g, '')}@s.whatsapp.net`
}
