/**
 * Answers a client's queries. What no topic knows is answered with an empty result, as WhatsApp clients bear
 * well, and counted, so that a test can say what its bot asks for in vain.
 */

import { SERVER, stanza } from '../wire/stanza.ts'
import { groupQueries } from './group-queries.ts'
import { keyQueries } from './key-queries.ts'
import { nameOf, result } from './query.ts'
import { sessionQueries } from './session-queries.ts'
import { usyncQueries } from './usync-queries.ts'
import type { LinkedDevice } from '../directory/linked-device.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { Answer, QueryWorld, Topic } from './query.ts'

const TOPICS: Topic = { ...sessionQueries, ...keyQueries, ...usyncQueries, ...groupQueries }

export interface Routed {
  readonly reply: Stanza
  readonly afterwards: (() => void) | undefined
}

export function routeQuery(iq: Stanza, device: LinkedDevice, world: QueryWorld): Routed {
  const name = nameOf(iq)
  const topic = TOPICS[name]
  world.truth.noteQuery(name, topic !== undefined)
  const inner = Array.isArray(iq.content) ? iq.content[0] : undefined
  const answer = topic?.({ iq, name, inner, device, world }) ?? result()
  return { reply: toReply(iq, answer), afterwards: answer.kind === 'result' ? answer.afterwards : undefined }
}

/** An `<iq>` that answers another. */
export function toReply(iq: Stanza, answer: Answer): Stanza {
  const id = iq.attrs['id']
  if (answer.kind === 'error') {
    const error = stanza('error', { code: String(answer.code), text: answer.text })
    return stanza('iq', { from: iq.attrs['to'] ?? SERVER, type: 'error', id }, [error])
  }
  return stanza('iq', { from: answer.from ?? SERVER, type: 'result', id, ...answer.attrs }, answer.content)
}
