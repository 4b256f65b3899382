/**
 * What the health server sees of the dyno: types only. The supervisor implements them; it knows its own part
 * at first hand and the bot's by the last status that came over IPC. Each call gives the present state and
 * costs at most a few milliseconds, because a page may ask at any time.
 */

import type { BotStatus } from '../bot-status.ts'
import type { MemorySample } from '../ports/memory-probe.ts'

/**
 * `starting`: forked, no sign of life yet. `running`: its heartbeat comes. `stalled`: alive, but its heartbeat
 * is overdue. `ending`: asked to end. `waiting`: not there, until the restart policy allows the next start.
 * `stopped`: not there and not coming back in this dyno.
 */
export type BotProcessState = 'starting' | 'running' | 'stalled' | 'ending' | 'waiting' | 'stopped'

export interface ProcessEnd {
  /** Why it ended, in the supervisor's words: `crashed`, `hung`, `recycle`, `memory`, … */
  readonly reason: string
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  /** Wall clock, ms since 1970. */
  readonly atMs: number
}

export interface SupervisorView {
  /** Since the dyno's boot, on the monotonic clock. */
  readonly uptimeMs: number
  readonly botProcess: BotProcessState
  /** How long it has been in this state. */
  readonly inStateMs: number
  /** While `waiting`: until the next start. */
  readonly nextStartInMs: number | undefined
  /** Since the last heartbeat; undefined before the first. */
  readonly heartbeatAgeMs: number | undefined
  /** Starts after the first one, by the reason why the process before had ended. */
  readonly restarts: Readonly<Record<string, number>>
  readonly lastEnd: ProcessEnd | undefined
}

export interface BotView {
  readonly status: BotStatus
  /** Since it arrived. */
  readonly ageMs: number
  /** To be typed into the owner's phone, while pairing by number; it comes beside the status. */
  readonly pairingCode: string | undefined
}

export interface MemoryView {
  readonly sample: MemorySample
  readonly quotaBytes: number
}

export interface HealthSource {
  /** A status of the bot that is older says nothing about the present. */
  readonly staleAfterMs: number
  supervisor(): SupervisorView
  /** The last status of the present bot process; undefined before it has sent one and after its end. */
  bot(): BotView | undefined
  /** Measured now, over all of the dyno's processes; undefined when measuring fails. */
  memory(): MemoryView | undefined
}

export type SnapshotAnswer =
  | { readonly status: 'taken'; readonly bytes: number; readonly durationMs: number }
  /** Not taken, and why, for people: it would not fit, one is under way, the bot is not running. */
  | { readonly status: 'refused'; readonly reason: string }

export interface SnapshotFile {
  readonly path: string
  readonly bytes: number
  /** Wall clock, ms since 1970. */
  readonly takenAtMs: number
}

/** Heap snapshots of the bot process; they live in the dyno's own files and end with it. */
export interface SnapshotDoor {
  /** Settles when the file is complete or the request was refused; rejects when the bot did not answer. */
  take(): Promise<SnapshotAnswer>
  newest(): SnapshotFile | undefined
}
