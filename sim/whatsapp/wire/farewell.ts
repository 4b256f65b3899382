/** The stanzas that end a stream, and what clients make of them. */

import type { ClosedEvent } from '../server-event.ts'
import type { Stanza } from './stanza.ts'

/** What a client must take as the end of its stream. */
export function isFarewell({ tag }: Stanza): boolean {
  return tag === 'failure' || tag === 'stream:error' || tag === 'xmlstreamend'
}

/** The number that Baileys makes of it. lib/Utils/generics.js, getErrorCodeFromStreamError */
function farewellCode({ attrs, content }: Stanza): number | undefined {
  const code = attrs['code'] ?? attrs['reason']
  if (code !== undefined) return Number(code)
  const isConflict = Array.isArray(content) && content.some(({ tag }) => tag === 'conflict')
  return isConflict ? 440 : undefined
}

/** @param farewell the stanza that ended it, if one did */
export function closedEvent(
  connection: number,
  isEndedByServer: boolean,
  farewell: Stanza | undefined,
): ClosedEvent {
  return {
    kind: 'closed',
    connection,
    by: isEndedByServer || farewell !== undefined ? 'server' : 'client',
    statusCode: farewell === undefined ? undefined : farewellCode(farewell),
    message: farewell?.tag ?? '',
  }
}
