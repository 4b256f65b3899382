/**
 * Decides what memory pressure calls for; performs nothing. Levels: `normal`; `cleanup`, where caches are
 * shed; `emergency`, where heavy work is refused too and the process is replaced if that does not help.
 * Surprising: a cleanup that gives nothing back is an ordinary outcome, because small native blocks do not
 * return to the system. So its figures are judged, and at `emergency` the end of the process is the cure.
 * All times are monotonic.
 */

import type { MemorySettings } from './memory-settings.ts'

export type MemoryLevel = 'normal' | 'cleanup' | 'emergency'
export type PressureLevel = Exclude<MemoryLevel, 'normal'>
export type AlertKind = PressureLevel | 'all-clear'

/** Why the process should be replaced. */
export type RecycleReason =
  /** The emergency lasts, whatever was tried. */
  | 'still-high'
  /** Above the quota although an emergency cleanup is over: the way to the kill is short. */
  | 'over-quota'
  /** What lives grows between emergency cleanups: only their garbage comes back, and the next one comes too late. */
  | 'growing'
  /** Two cleanups in a row did not help, the last one in this emergency: waiting longer would not either. */
  | 'ineffective'

export type MemoryEffect =
  | { readonly type: 'cleanup'; readonly level: PressureLevel }
  | { readonly type: 'alert'; readonly kind: AlertKind }
  | { readonly type: 'recycle'; readonly reason: RecycleReason }

interface Emergency {
  readonly sinceMs: number
  /** Usage right after its last cleanup, percent of the quota: what lives. Undefined before the first. */
  readonly leftPercent: number | undefined
  /** More was left by the last cleanup than by the one before it, and still an emergency. */
  readonly isGrowing: boolean
}

export interface MemoryPolicyState {
  readonly level: MemoryLevel
  /** What the owner was told last; an alert that its rate held back is owed while the level stays. */
  readonly announcedLevel: MemoryLevel
  readonly lastAlertAtMs: Readonly<Partial<Record<AlertKind, number>>>
  readonly lastCleanupAtMs: number
  /** In a row, since memory was `normal`. */
  readonly ineffectiveCleanups: number
  /** Set only at `emergency`. */
  readonly emergency: Emergency | undefined
  readonly recycleNotBeforeMs: number
}

export interface MemoryDecision {
  readonly state: MemoryPolicyState
  readonly level: MemoryLevel
  /** In the order in which they are to be performed. */
  readonly effects: readonly MemoryEffect[]
}

const RANK: Readonly<Record<MemoryLevel, number>> = { normal: 0, cleanup: 1, emergency: 2 }

export function initialMemoryState(): MemoryPolicyState {
  return {
    level: 'normal',
    announcedLevel: 'normal',
    lastAlertAtMs: {},
    lastCleanupAtMs: -Infinity,
    ineffectiveCleanups: 0,
    emergency: undefined,
    recycleNotBeforeMs: -Infinity,
  }
}

/** One sample, judged. A crossing upwards acts at once, a level that lasts again after its cool-down. */
export function assessMemory(
  before: MemoryPolicyState,
  sample: { readonly usedBytes: number },
  settings: MemorySettings,
  nowMs: number,
): MemoryDecision {
  const percent = (sample.usedBytes / settings.quotaBytes) * 100
  const level = nextLevel(before.level, percent, settings)
  const alert = alertFor(before, level, settings, nowMs)
  const cleanup = settings.isEnabled ? cleanupFor(before, level, percent, settings, nowMs) : undefined
  const leveled: MemoryPolicyState = {
    ...before,
    level,
    announcedLevel: alert.announcedLevel,
    lastAlertAtMs:
      alert.kind === undefined ? before.lastAlertAtMs : { ...before.lastAlertAtMs, [alert.kind]: nowMs },
    lastCleanupAtMs: cleanup === undefined ? before.lastCleanupAtMs : nowMs,
    ineffectiveCleanups: level === 'normal' ? 0 : before.ineffectiveCleanups,
    emergency:
      level === 'emergency'
        ? (before.emergency ?? { sinceMs: nowMs, leftPercent: undefined, isGrowing: false })
        : undefined,
  }
  const reason = settings.isEnabled ? recycleReason(leveled, percent, settings, nowMs) : undefined
  const effects: MemoryEffect[] = []
  if (alert.kind !== undefined) effects.push({ type: 'alert', kind: alert.kind })
  if (cleanup !== undefined) effects.push({ type: 'cleanup', level: cleanup })
  if (reason === undefined) return { state: leveled, level, effects }
  const state = { ...leveled, recycleNotBeforeMs: nowMs + settings.recycleRepeatMs }
  return { state, level, effects: [...effects, { type: 'recycle', reason }] }
}

export interface CleanupOutcome {
  readonly level: PressureLevel
  readonly freedBytes: number
  /** Usage right after it. */
  readonly afterBytes: number
}

/** A cleanup is over. Judge the sample after it with `assessMemory` next. */
export function noteCleanup(
  before: MemoryPolicyState,
  outcome: CleanupOutcome,
  settings: MemorySettings,
): MemoryPolicyState {
  const hasHelped = outcome.freedBytes >= (settings.quotaBytes * settings.ineffectivePercent) / 100
  return {
    ...before,
    ineffectiveCleanups: hasHelped ? 0 : before.ineffectiveCleanups + 1,
    emergency: before.emergency && emergencyAfter(before.emergency, outcome, settings),
  }
}

function emergencyAfter(before: Emergency, outcome: CleanupOutcome, settings: MemorySettings): Emergency {
  if (outcome.level !== 'emergency') return before
  const leftPercent = (outcome.afterBytes / settings.quotaBytes) * 100
  const hasGrown = leftPercent >= (before.leftPercent ?? Infinity) + settings.growthPercent
  return { ...before, leftPercent, isGrowing: hasGrown && leftPercent >= settings.emergencyPercent }
}

/** True from the second cleanup in a row on that did not help. */
export function isCleaningIneffective(state: MemoryPolicyState): boolean {
  return state.ineffectiveCleanups >= 2
}

/** A recycle was refused: it is not asked for before `retryAfterMs` have passed. */
export function noteRecycleRefused(
  before: MemoryPolicyState,
  retryAfterMs: number,
  nowMs: number,
): MemoryPolicyState {
  return { ...before, recycleNotBeforeMs: nowMs + retryAfterMs }
}

/** Heavy work waits while there is an emergency; without optimization nothing is ever refused. */
export function allowsHeavyWork(level: MemoryLevel, settings: MemorySettings): boolean {
  return !settings.isEnabled || level !== 'emergency'
}

function nextLevel(level: MemoryLevel, percent: number, settings: MemorySettings): MemoryLevel {
  const { cleanupPercent, emergencyPercent, hysteresisPercent } = settings
  if (percent >= emergencyPercent) return 'emergency'
  if (level === 'emergency' && percent > emergencyPercent - hysteresisPercent) return 'emergency'
  if (percent >= cleanupPercent) return 'cleanup'
  return level !== 'normal' && percent > cleanupPercent - hysteresisPercent ? 'cleanup' : 'normal'
}

function alertFor(
  before: MemoryPolicyState,
  level: MemoryLevel,
  settings: MemorySettings,
  nowMs: number,
): { readonly announcedLevel: MemoryLevel; readonly kind: AlertKind | undefined } {
  // Falling from emergency to cleanup is no news, but the next emergency is.
  const told =
    level === 'cleanup' && before.announcedLevel === 'emergency' ? 'cleanup' : before.announcedLevel
  const kind = level === 'normal' ? 'all-clear' : level
  const isNews = level === 'normal' ? told !== 'normal' : RANK[level] > RANK[told]
  const isDue = nowMs - (before.lastAlertAtMs[kind] ?? -Infinity) >= settings.alertIntervalMs
  return isNews && isDue ? { announcedLevel: level, kind } : { announcedLevel: told, kind: undefined }
}

function cleanupFor(
  before: MemoryPolicyState,
  level: MemoryLevel,
  percent: number,
  settings: MemorySettings,
  nowMs: number,
): PressureLevel | undefined {
  if (level === 'normal' || percent < settings.cleanupPercent) return undefined
  if (RANK[level] > RANK[before.level] || isNewGrowth(before, percent, settings)) return level
  const restMs = isCleaningIneffective(before) ? settings.ineffectiveCooldownMs : settings.cleanupCooldownMs
  const cooldownMs = level === 'emergency' ? settings.emergencyCooldownMs : restMs
  return nowMs - before.lastCleanupAtMs >= cooldownMs ? level : undefined
}

/** Well above what the last cleanup of this emergency has left: garbage again, or growth that cannot wait. */
function isNewGrowth(
  { emergency }: MemoryPolicyState,
  percent: number,
  { emergencyPercent, hysteresisPercent }: MemorySettings,
): boolean {
  return percent >= Math.max(emergencyPercent, (emergency?.leftPercent ?? Infinity) + hysteresisPercent)
}

function recycleReason(
  state: MemoryPolicyState,
  percent: number,
  settings: MemorySettings,
  nowMs: number,
): RecycleReason | undefined {
  if (state.emergency === undefined || nowMs < state.recycleNotBeforeMs) return undefined
  const lastsMs = nowMs - state.emergency.sinceMs
  if (lastsMs >= settings.recycleAfterMs) return 'still-high'
  if (state.emergency.leftPercent === undefined) return undefined
  if (percent >= 100) return 'over-quota'
  if (state.emergency.isGrowing) return 'growing'
  // A spike over a plateau that cleanups do not lower gets one cool-down to pass by itself.
  return isCleaningIneffective(state) && lastsMs >= settings.emergencyCooldownMs ? 'ineffective' : undefined
}
