/**
 * Whether an open connection deserves a probe of its message path. A connection can be open, answer pings
 * and deliver nothing, for days. Owns the decision only. Surprising: silence alone proves nothing (nights
 * are quiet), so it leads to a probe that no chat shows, and never straight to a reconnect.
 */

import type { ConnectionSettings } from './connection-settings.ts'

/** Times are monotonic ms. */
export interface DeafSigns {
  readonly nowMs: number
  readonly openSinceMs: number
  readonly lastInboundMs: number | undefined
  /** When the oldest send without the server's confirmation was made. */
  readonly oldestUnackedMs: number | undefined
  /** When this connection was last probed. */
  readonly lastProbeMs: number | undefined
}

export type Suspicion = 'unacked' | 'quiet'

/** Undefined: nothing is suspicious, or this connection was probed not long ago. */
export function suspicionOf(signs: DeafSigns, settings: ConnectionSettings): Suspicion | undefined {
  const { nowMs, openSinceMs, lastInboundMs, oldestUnackedMs, lastProbeMs } = signs
  if (lastProbeMs !== undefined && nowMs - lastProbeMs < settings.minDeafProbeIntervalMs) return undefined
  if (oldestUnackedMs !== undefined && nowMs - oldestUnackedMs >= settings.ackTimeoutMs) return 'unacked'
  const heardMs = Math.max(openSinceMs, lastInboundMs ?? openSinceMs, lastProbeMs ?? openSinceMs)
  return nowMs - heardMs >= settings.quietMs ? 'quiet' : undefined
}
