/** How a group is written in answers and notifications. Members stand under the group's own addressing. */

import { jidOf } from '../directory/jid.ts'
import { stanza } from '../wire/stanza.ts'
import type { GroupRecord, Person } from '../directory/directory.ts'
import type { Addressing } from '../directory/jid.ts'
import type { Stanza } from '../wire/stanza.ts'

export function groupStanza(group: GroupRecord): Stanza {
  const creator = group.creator
  const attrs = {
    id: group.jid.slice(0, group.jid.indexOf('@')),
    subject: group.subject,
    s_t: String(group.createdAtS),
    creation: String(group.createdAtS),
    creator: creator === undefined ? undefined : jidOf(creator, group.addressing),
    creator_pn: creator === undefined ? undefined : jidOf(creator, 'pn'),
    addressing_mode: group.addressing,
    size: String(group.members.size),
  }
  const { description } = group
  return stanza('group', attrs, [
    ...[...group.members].map(([person, admin]) =>
      participantStanza(person, group.addressing, { type: admin ?? undefined }),
    ),
    ...(description === undefined
      ? []
      : [
          stanza('description', { id: description.id, t: String(group.createdAtS) }, [
            stanza('body', {}, Buffer.from(description.text)),
          ]),
        ]),
    ...[...group.settings].map(([tag, settings]) => stanza(tag, settings)),
  ])
}

export function participantStanza(
  person: Person,
  addressing: Addressing,
  attrs: Readonly<Record<string, string | undefined>> = {},
): Stanza {
  const other = addressing === 'lid' ? { phone_number: jidOf(person, 'pn') } : { lid: jidOf(person, 'lid') }
  return stanza('participant', { jid: jidOf(person, addressing), ...other, ...attrs })
}
