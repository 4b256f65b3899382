/** The stanzas that end a stream, and what clients make of them. */

import type { ClosedEvent } from '../server-event.ts'
import type { Stanza } from './stanza.ts'

/** The stanza that ended a stream, and when it was sent, on the monotonic clock. */
export interface Farewell {
  readonly stanza: Stanza
  readonly atMs: number
}

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

/**
 * What is told of a connection that is closed now.
 * @param endedByServerAtMs when the server began to end it, if it did, on the monotonic clock
 */
export function closedEvent(
  connection: number,
  endedByServerAtMs: number | undefined,
  farewell: Farewell | undefined,
): ClosedEvent {
  const begunAtMs = Math.min(endedByServerAtMs ?? Infinity, farewell?.atMs ?? Infinity)
  const isOfServer = Number.isFinite(begunAtMs)
  return {
    kind: 'closed',
    connection,
    by: isOfServer ? 'server' : 'client',
    begunAgoMs: isOfServer ? Math.ceil(performance.now() - begunAtMs) : undefined,
    statusCode: farewell === undefined ? undefined : farewellCode(farewell.stanza),
    message: farewell?.stanza.tag ?? '',
  }
}
