/**
 * The connection's states, what can happen to it and what it can ask for, all as data; reconnect-policy.ts
 * decides, connection-keeper.ts performs. At most one socket and one timer exist: both belong to the state
 * (`generation`, `timerOf`), so leaving the state is what ends them.
 *
 *   standby → charging → connecting → (pairing →) open → ending → waiting → charging → …
 *                ↳ waiting (refused, store away, paused)      ↳ charging | standby | halted | stopped
 */

import type { ErrorCode } from '../errors.ts'
import type { CloseReport } from '../ports/whatsapp-socket.ts'
import type { ChargeOutcome, LeaseStanding } from '../session/lease.ts'
import type { ConnectionPhase, DisconnectCause } from './disconnect-cause.ts'

/** `backoff`: after a disconnect. `budget`: attempts used up. `store`: it could not be asked. */
export type WaitReason = 'backoff' | 'budget' | 'store' | 'paused'

/** Times are monotonic ms. */
export type ConnectionState =
  /** No lease: another process owns the session, or it could not be proven that we do. */
  | { readonly status: 'standby' }
  /** Credentials are opened or flushed, then an attempt is asked for. `ask` tells late answers apart. */
  | { readonly status: 'charging'; readonly ask: number }
  /** `untilMs` is undefined while attempts are paused: then only `resume` ends it. */
  | { readonly status: 'waiting'; readonly why: WaitReason; readonly untilMs: number | undefined }
  /** The watchdog ends the attempt at `deadlineMs`. */
  | { readonly status: 'connecting'; readonly generation: number; readonly deadlineMs: number }
  /** A QR is shown. No watchdog: the owner may take their time, and the server ends it when the codes are used up. */
  | { readonly status: 'pairing'; readonly generation: number; readonly qr: string }
  | {
      readonly status: 'open'
      readonly generation: number
      readonly sinceMs: number
      readonly checkAtMs: number
    }
  /**
   * Waiting for the socket's end, until `deadlineMs` at most; every socket goes through here, also one that
   * closed by itself. `cause` is undefined when we ended it for the lease's or the stop's sake.
   */
  | {
      readonly status: 'ending'
      readonly generation: number
      readonly phase: ConnectionPhase
      readonly cause: DisconnectCause | undefined
      readonly deadlineMs: number
    }
  /** For good: only `stop` leaves it. Until the store has recorded it, `recordAtMs` is the next try, if any. */
  | {
      readonly status: 'halted'
      readonly cause: string
      readonly isRecorded: boolean
      readonly recordAtMs: number | undefined
    }
  | { readonly status: 'stopped' }

export type SocketState = Extract<ConnectionState, { readonly status: ConnectionPhase }>

/** What is remembered across states. The counts of failures are forgotten after stable uptime only. */
export interface Tally {
  /** Drives back-off and the turn to slow probing. */
  readonly failures: number
  readonly conflicts: number
  readonly versionRejections: number
  /** True when the one free restart (515) is used up. */
  readonly hasRestarted: boolean
  readonly lastCause: DisconnectCause | undefined
  /** No attempt before this time, whatever happens to the lease meanwhile; `waitFor` says why. */
  readonly notBeforeMs: number
  readonly waitFor: WaitReason
  /** Times in a row that the store could not be asked. */
  readonly unanswered: number
  /** Connections in a row that were found deaf without having delivered one message. */
  readonly deafReconnects: number
  readonly asks: number
  readonly generations: number
}

export interface Machine {
  readonly state: ConnectionState
  readonly tally: Tally
  readonly standing: LeaseStanding
  readonly isPaused: boolean
  readonly isStopping: boolean
}

export const INITIAL_MACHINE: Machine = {
  state: { status: 'standby' },
  tally: {
    failures: 0,
    conflicts: 0,
    versionRejections: 0,
    hasRestarted: false,
    lastCause: undefined,
    notBeforeMs: 0,
    waitFor: 'backoff',
    unanswered: 0,
    deafReconnects: 0,
    asks: 0,
    generations: 0,
  },
  standing: { status: 'none' },
  isPaused: false,
  isStopping: false,
}

/** What a check can find; `phone-unheard` may also mean that the phone is off, so it is not counted as deaf. */
export type CheckFailure = Extract<DisconnectCause, 'connection-lost' | 'deaf' | 'phone-unheard'>

/** Events of a socket carry its generation; those of a replaced one change nothing. */
export type ConnectionEvent =
  | { readonly type: 'lease-changed'; readonly standing: LeaseStanding }
  | { readonly type: 'attempt-answered'; readonly ask: number; readonly outcome: ChargeOutcome }
  /** The answer to `verify-lease`, asked while `epoch` was ours. */
  | {
      readonly type: 'lease-verified'
      readonly epoch: number
      readonly outcome: 'held' | 'lost' | 'unreachable'
    }
  /** The state's timer is due. */
  | { readonly type: 'timer' }
  | { readonly type: 'qr'; readonly generation: number; readonly text: string }
  | { readonly type: 'opened'; readonly generation: number }
  | { readonly type: 'closed'; readonly generation: number; readonly report: CloseReport }
  /** A check found the open connection useless. */
  | { readonly type: 'check-failed'; readonly generation: number; readonly cause: CheckFailure }
  /** The store failed a message for good: it stays unacknowledged, and only a new connection brings it. */
  | {
      readonly type: 'store-failed'
      readonly generation: number
      readonly what: 'message' | 'keys'
      readonly code: ErrorCode | undefined
    }
  /** The socket's `end()` came back. */
  | { readonly type: 'ended'; readonly generation: number }
  | { readonly type: 'halt-recorded'; readonly isRecorded: boolean }
  | { readonly type: 'paused' }
  | { readonly type: 'resumed' }
  | { readonly type: 'stop' }

export type ConnectionEffect =
  /** Open or flush the credentials of this epoch, then charge an attempt: `attempt-answered`. */
  | { readonly type: 'request-attempt'; readonly ask: number; readonly epoch: number }
  | { readonly type: 'connect'; readonly generation: number }
  | { readonly type: 'end-socket'; readonly generation: number }
  /** Ping, and probe on suspicion; `check-failed` when it failed. */
  | { readonly type: 'check'; readonly generation: number }
  | { readonly type: 'verify-lease'; readonly epoch: number }
  /** Flush and close the credentials, then record the halt: `halt-recorded`. */
  | { readonly type: 'halt-session'; readonly cause: string }
  /** The credentials' epoch is stale: nothing of them may be written any more. */
  | { readonly type: 'drop-auth' }
  /** Nothing is left to wait for: finish the stop. */
  | { readonly type: 'finish' }

export interface StateTimer {
  readonly label: string
  readonly dueMs: number
}

/** The one timer of a state. */
export function timerOf(state: ConnectionState): StateTimer | undefined {
  switch (state.status) {
    case 'waiting':
      return state.untilMs === undefined ? undefined : { label: 'connection.wait', dueMs: state.untilMs }
    case 'connecting':
      return { label: 'connection.watchdog', dueMs: state.deadlineMs }
    case 'open':
      return { label: 'connection.check', dueMs: state.checkAtMs }
    case 'ending':
      return { label: 'connection.end', dueMs: state.deadlineMs }
    case 'halted':
      return state.recordAtMs === undefined
        ? undefined
        : { label: 'connection.halt', dueMs: state.recordAtMs }
    case 'standby':
    case 'charging':
    case 'pairing':
    case 'stopped':
      return undefined
    default:
      return state satisfies never
  }
}
