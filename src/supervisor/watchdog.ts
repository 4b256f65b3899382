/**
 * Tells a bot that hangs from one that is merely slow. Pure: heartbeats and regular looks in, a verdict out.
 * Silence counts only while the supervisor itself was running: a dyno that was stopped as a whole, or whose
 * supervisor was starved, accuses nobody. A silent bot that uses a little CPU, but far from all of it, makes
 * progress on a machine that gives it no more: it is starved and gets much longer. One that used a core ever
 * since its last heartbeat has its event loop blocked by computing; one that has used none of late is stopped
 * or waits for ever. Surprising: "of late" matters, because before it stopped it did ordinary work; and CPU time is
 * weighed against the silence that counts, or a dyno that stood still would make a computing bot look starved.
 */

export interface WatchdogSettings {
  /** From look to look. */
  readonly lookIntervalMs: number
  /** The declared stall: nobody is called hung before so much silence. */
  readonly stallMs: number
  /** The same for a starved bot. */
  readonly starvedStallMs: number
}

export interface WatchdogState {
  /** Silence so far, as counted. */
  readonly silentMs: number
  /** CPU time that the bot used in it; undefined where the system does not tell. */
  readonly usedMs: number | undefined
  readonly lookedAtMs: number
  /** The bot's CPU time at the last look, or at its last heartbeat. */
  readonly cpuMs: number | undefined
  /** Readings half a stall of silence apart: the last one, and the one before, which "of late" begins with. */
  readonly mark: CpuMark
  readonly earlierMark: CpuMark
}

type CpuMark = Pick<WatchdogState, 'silentMs' | 'usedMs'>

/** A reading at one moment of the supervisor's monotonic clock. */
export interface WatchdogReading {
  readonly nowMs: number
  /** CPU time of the bot since its start; undefined where the system does not tell. */
  readonly cpuMs: number | undefined
}

export type WatchdogVerdict =
  | { readonly status: 'alive' }
  /** Silent for more than half the stall. */
  | { readonly status: 'late' | 'starved'; readonly silentMs: number }
  | { readonly status: 'hung'; readonly silentMs: number; readonly evidence: HangEvidence }

/** `computing`: it uses a CPU and says nothing. `idle`: it uses none. `unknown`: the system does not tell. */
export type HangEvidence = 'computing' | 'idle' | 'starved' | 'unknown'

/** Above this share of a CPU a silent bot computes; a starved one gets a tenth. */
const COMPUTING_SHARE = 0.3
/** Below this share it does nothing at all: 30 ms in 30 s; the system counts in steps of 10 ms. */
const IDLE_SHARE = 0.001

/** For a process just started. */
export function watchFrom(nowMs: number): WatchdogState {
  return heard({ nowMs, cpuMs: 0 })
}

export function heard({ nowMs, cpuMs }: WatchdogReading): WatchdogState {
  const mark = { silentMs: 0, usedMs: cpuMs === undefined ? undefined : 0 }
  return { ...mark, lookedAtMs: nowMs, cpuMs, mark, earlierMark: mark }
}

/** To be called every `lookIntervalMs`: a look that comes late counts no more than one in time. */
export function look(
  before: WatchdogState,
  reading: WatchdogReading,
  settings: WatchdogSettings,
): { readonly state: WatchdogState; readonly verdict: WatchdogVerdict } {
  const passedMs = Math.max(0, reading.nowMs - before.lookedAtMs)
  const countedMs = Math.min(passedMs, settings.lookIntervalMs)
  const state = marked(
    {
      ...before,
      silentMs: before.silentMs + countedMs,
      usedMs: sumOf(before.usedMs, usedMs(before, reading, countedMs / Math.max(1, passedMs))),
      lookedAtMs: reading.nowMs,
      cpuMs: reading.cpuMs,
    },
    settings,
  )
  return { state, verdict: judge(state, settings) }
}

/** Of the time since the last look only a share counts, and of what was used in it the same. */
function usedMs(before: WatchdogState, { cpuMs }: WatchdogReading, countedShare: number): number | undefined {
  return cpuMs === undefined || before.cpuMs === undefined ? undefined : (cpuMs - before.cpuMs) * countedShare
}

function sumOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

function marked(state: WatchdogState, settings: WatchdogSettings): WatchdogState {
  const { silentMs, usedMs: used, mark } = state
  if ((silentMs - mark.silentMs) * 2 < settings.stallMs) return state
  return { ...state, mark: { silentMs, usedMs: used }, earlierMark: mark }
}

function judge(state: WatchdogState, settings: WatchdogSettings): WatchdogVerdict {
  const { silentMs } = state
  if (silentMs * 2 <= settings.stallMs) return { status: 'alive' }
  if (silentMs < settings.stallMs) return { status: 'late', silentMs }
  const evidence = evidenceOf(state)
  if (evidence === 'starved' && silentMs < settings.starvedStallMs) return { status: 'starved', silentMs }
  return { status: 'hung', silentMs, evidence }
}

function evidenceOf(state: WatchdogState): HangEvidence {
  const overall = cpuShare({ silentMs: 0, usedMs: 0 }, state)
  const ofLate = cpuShare(state.earlierMark, state)
  if (overall === undefined || ofLate === undefined) return 'unknown'
  if (overall >= COMPUTING_SHARE) return 'computing'
  return ofLate < IDLE_SHARE ? 'idle' : 'starved'
}

function cpuShare(since: CpuMark, { silentMs, usedMs: used }: WatchdogState): number | undefined {
  if (used === undefined || since.usedMs === undefined) return undefined
  return (used - since.usedMs) / Math.max(1, silentMs - since.silentMs)
}
