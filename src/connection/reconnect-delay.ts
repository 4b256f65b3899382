/**
 * How long to wait after a disconnect, and what counts as a failure. Owns the counters' arithmetic; when to
 * connect is reconnect-policy.ts's matter. Surprising: brief opens change nothing. Only stable uptime
 * forgets, or a connection that is refused right after each login would be tried without end at full speed.
 */

import { backoffDelayMs, backoffEnvelopeMs } from '../backoff.ts'
import type { Random } from '../ports/random.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import type { Tally } from './connection-state.ts'
import { CAUSE_RULES } from './disconnect-cause.ts'
import type { DisconnectCause } from './disconnect-cause.ts'

/** The tally after a connection that was open without interruption for `uptimeMs`. */
export function afterUptime(tally: Tally, uptimeMs: number, settings: ConnectionSettings): Tally {
  const isClean = tally.failures === 0 && !tally.hasRestarted && tally.lastCause === undefined
  if (isClean || uptimeMs < settings.stableUptimeMs) return tally
  return {
    ...tally,
    failures: 0,
    conflicts: 0,
    versionRejections: 0,
    hasRestarted: false,
    lastCause: undefined,
  }
}

/** The tally after a disconnect. A first restart, an unscanned QR and a terminal end are no failures. */
export function countDisconnect(tally: Tally, cause: DisconnectCause): Tally {
  const counted = { ...tally, lastCause: cause }
  const rule = CAUSE_RULES[cause]
  switch (rule) {
    case 'halt':
    case 'start-over':
      return counted
    case 'restart':
      return tally.hasRestarted
        ? { ...counted, failures: tally.failures + 1 }
        : { ...counted, hasRestarted: true }
    case 'conflict':
      return { ...counted, failures: tally.failures + 1, conflicts: tally.conflicts + 1 }
    case 'version':
      return { ...counted, failures: tally.failures + 1, versionRejections: tally.versionRejections + 1 }
    case 'retry':
      return { ...counted, failures: tally.failures + 1 }
    default:
      return rule satisfies never
  }
}

/** More failures in a row than quick attempts are allowed: from here on slowly, but for ever. */
export function isProbing(tally: Tally, settings: ConnectionSettings): boolean {
  return tally.failures > settings.maxRetries
}

/**
 * The wait after `cause`, between half of its envelope and the envelope; `before` and `after` are the
 * tallies around `countDisconnect`. 0 for the free restart, about `backoff.baseMs` after an unscanned QR.
 */
export function reconnectDelayMs(
  before: Tally,
  after: Tally,
  cause: DisconnectCause,
  context: { readonly settings: ConnectionSettings; readonly random: Random },
): number {
  const { settings, random } = context
  const rule = CAUSE_RULES[cause]
  if (rule === 'restart' && !before.hasRestarted) return 0
  if (rule === 'start-over') return backoffDelayMs(settings.backoff, 1, random)
  const envelopeMs = reconnectEnvelopeMs(after, cause, settings)
  return backoffDelayMs({ baseMs: envelopeMs, capMs: envelopeMs }, 1, random)
}

/**
 * The longest wait after `cause` with this tally (failures ≥ 1). Per cause it never shrinks until the
 * failures are forgotten, and no cause makes it shorter than the general law does.
 */
export function reconnectEnvelopeMs(
  tally: Tally,
  cause: DisconnectCause,
  settings: ConnectionSettings,
): number {
  const generalMs = backoffEnvelopeMs(settings.backoff, tally.failures)
  const slowMs = isProbing(tally, settings) ? Math.max(generalMs, settings.probeIntervalMs) : generalMs
  const rule = CAUSE_RULES[cause]
  // One step up, so that the certain half of the first wait is the whole base.
  if (rule === 'conflict') {
    return Math.max(slowMs, backoffEnvelopeMs(settings.conflictBackoff, tally.conflicts + 1))
  }
  if (rule === 'version') {
    return Math.max(slowMs, backoffEnvelopeMs(settings.versionBackoff, tally.versionRejections))
  }
  return slowMs
}
