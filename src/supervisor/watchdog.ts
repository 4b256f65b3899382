/**
 * Tells a bot that hangs from one that is merely slow. Pure: heartbeats and regular looks in, a verdict out.
 * Silence counts only while the supervisor itself was running: a dyno that was stopped as a whole, or whose
 * supervisor was starved, accuses nobody. A silent bot that uses a little CPU, but far from all of it, makes
 * progress on a machine that gives it no more: it is starved and gets much longer. One that used a core ever
 * since its last heartbeat has its event loop blocked by computing; one that has used none of late is stopped
 * or waits for ever. Surprising: "of late" matters, because before it stopped it did ordinary work.
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
  readonly lookedAtMs: number
  /** When the last heartbeat came (or the process was started), and the CPU time it had used by then. */
  readonly beatAtMs: number
  readonly cpuAtBeatMs: number | undefined
  /** Readings half a stall of silence apart: the last one, and the one before, which "of late" begins with. */
  readonly mark: CpuMark
  readonly earlierMark: CpuMark
}

interface CpuMark {
  readonly silentMs: number
  readonly atMs: number
  readonly cpuMs: number | undefined
}

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
  const mark = { silentMs: 0, atMs: nowMs, cpuMs }
  return { silentMs: 0, lookedAtMs: nowMs, beatAtMs: nowMs, cpuAtBeatMs: cpuMs, mark, earlierMark: mark }
}

/** To be called every `lookIntervalMs`: a look that comes late counts no more than one in time. */
export function look(
  before: WatchdogState,
  reading: WatchdogReading,
  settings: WatchdogSettings,
): { readonly state: WatchdogState; readonly verdict: WatchdogVerdict } {
  const passedMs = Math.max(0, reading.nowMs - before.lookedAtMs)
  const silentMs = before.silentMs + Math.min(passedMs, settings.lookIntervalMs)
  const state = marked({ ...before, silentMs, lookedAtMs: reading.nowMs }, reading, settings)
  return { state, verdict: judge(state, reading, settings) }
}

function marked(
  state: WatchdogState,
  { nowMs, cpuMs }: WatchdogReading,
  settings: WatchdogSettings,
): WatchdogState {
  if ((state.silentMs - state.mark.silentMs) * 2 < settings.stallMs) return state
  return { ...state, mark: { silentMs: state.silentMs, atMs: nowMs, cpuMs }, earlierMark: state.mark }
}

function judge(state: WatchdogState, reading: WatchdogReading, settings: WatchdogSettings): WatchdogVerdict {
  const { silentMs } = state
  if (silentMs * 2 <= settings.stallMs) return { status: 'alive' }
  if (silentMs < settings.stallMs) return { status: 'late', silentMs }
  const evidence = evidenceOf(state, reading)
  if (evidence === 'starved' && silentMs < settings.starvedStallMs) return { status: 'starved', silentMs }
  return { status: 'hung', silentMs, evidence }
}

function evidenceOf(state: WatchdogState, reading: WatchdogReading): HangEvidence {
  const overall = cpuShare({ atMs: state.beatAtMs, cpuMs: state.cpuAtBeatMs }, reading)
  const ofLate = cpuShare(state.earlierMark, reading)
  if (overall === undefined || ofLate === undefined) return 'unknown'
  if (overall >= COMPUTING_SHARE) return 'computing'
  return ofLate < IDLE_SHARE ? 'idle' : 'starved'
}

function cpuShare(
  since: Pick<CpuMark, 'atMs' | 'cpuMs'>,
  { nowMs, cpuMs }: WatchdogReading,
): number | undefined {
  if (cpuMs === undefined || since.cpuMs === undefined) return undefined
  return (cpuMs - since.cpuMs) / Math.max(1, nowMs - since.atMs)
}
