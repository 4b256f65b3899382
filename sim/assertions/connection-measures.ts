/** What a list of connections amounts to: the worst minute, how many at once, and how long there was none. Pure. */

import { mostInAMinute } from '../whatsapp/truth-snapshot.ts'
import type { MeasuredConnection } from './measurements.ts'

/** A stretch of time, ms. */
interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** Connections begun within any minute, at most; refused and unfinished ones count, as WhatsApp counts them. */
export function worstMinute(connections: readonly MeasuredConnection[]): number {
  return mostInAMinute(connections.map(({ openedAtMs }) => openedAtMs).toSorted((a, b) => a - b))
}

/** The most that were open at the same moment, logged in or not. */
export function mostOpen(connections: readonly MeasuredConnection[]): number {
  return mostAtOnce(
    connections.map(({ openedAtMs, closedAtMs }) => ({ fromMs: openedAtMs, toMs: closedAtMs ?? Infinity })),
  )
}

/** The most that were logged in at the same moment. */
export function mostLoggedIn(connections: readonly MeasuredConnection[]): number {
  return mostAtOnce(loggedInSpans(connections, Infinity))
}

/** Stretches without any logged-in connection, from the first login on; the whole run when there was none. */
export function outages(connections: readonly MeasuredConnection[], durationMs: number): readonly number[] {
  const spans = loggedInSpans(connections, durationMs).toSorted((a, b) => a.fromMs - b.fromMs)
  const first = spans[0]
  if (first === undefined) return [durationMs]
  const gaps: number[] = []
  let coveredToMs = first.fromMs
  for (const { fromMs, toMs } of [...spans, { fromMs: durationMs, toMs: durationMs }]) {
    if (fromMs > coveredToMs) gaps.push(fromMs - coveredToMs)
    coveredToMs = Math.max(coveredToMs, toMs)
  }
  return gaps
}

export interface Disconnects {
  readonly ended: number
  /** Of them: followed by another login. */
  readonly healed: number
}

/** Logged-in connections that ended, and how many of the ends did not stay. */
export function disconnectsOf(connections: readonly MeasuredConnection[]): Disconnects {
  const logins = connections.flatMap(({ loggedInAtMs }) => loggedInAtMs ?? [])
  const lastLoginMs = Math.max(-Infinity, ...logins)
  const ends = connections.flatMap(({ loggedInAtMs, closedAtMs }) =>
    loggedInAtMs === null || closedAtMs === null ? [] : [loggedInAtMs],
  )
  return { ended: ends.length, healed: ends.filter((loginMs) => loginMs < lastLoginMs).length }
}

function loggedInSpans(connections: readonly MeasuredConnection[], endMs: number): Span[] {
  return connections.flatMap(({ loggedInAtMs, closedAtMs }) =>
    loggedInAtMs === null ? [] : [{ fromMs: loggedInAtMs, toMs: closedAtMs ?? endMs }],
  )
}

function mostAtOnce(spans: readonly Span[]): number {
  const moves = spans.flatMap(({ fromMs, toMs }) => [
    { atMs: fromMs, by: 1 },
    { atMs: toMs, by: -1 },
  ])
  let now = 0
  let most = 0
  // Within one millisecond the end comes first.
  for (const { by } of moves.toSorted((a, b) => a.atMs - b.atMs || a.by - b.by)) {
    now += by
    most = Math.max(most, now)
  }
  return most
}
