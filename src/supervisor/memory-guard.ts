/**
 * The last resort against memory: the bot manages its own (src/memory), and this steps in only where it
 * does not. Pure. The lines lie above everything the bot does at 85 % and below Heroku's kill at 200 %.
 */

export interface MemoryGuardSettings {
  /** False: nothing is ever ordered. */
  readonly isEnabled: boolean
  readonly quotaBytes: number
  /** Percent of the quota. Above it for `patienceMs` the bot is asked for a fresh process. */
  readonly recyclePercent: number
  readonly patienceMs: number
  /** Percent of the quota. From here it is killed: at 50 MB/s it is 5 s from here to Heroku's own kill. */
  readonly killPercent: number
}

export interface MemoryGuardState {
  /** Since when every sample was above the first line; undefined while it is not. */
  readonly aboveSinceMs: number | undefined
}

export type MemoryOrder = 'none' | 'recycle' | 'kill'

export const BELOW_THE_LINE: MemoryGuardState = { aboveSinceMs: undefined }

export function guardMemory(
  before: MemoryGuardState,
  sample: { readonly usedBytes: number; readonly nowMs: number },
  settings: MemoryGuardSettings,
): { readonly state: MemoryGuardState; readonly order: MemoryOrder } {
  const percent = (sample.usedBytes * 100) / settings.quotaBytes
  if (!settings.isEnabled || percent < settings.recyclePercent)
    return { state: BELOW_THE_LINE, order: 'none' }
  const aboveSinceMs = before.aboveSinceMs ?? sample.nowMs
  const state = { aboveSinceMs }
  if (percent >= settings.killPercent) return { state, order: 'kill' }
  return { state, order: sample.nowMs - aboveSinceMs >= settings.patienceMs ? 'recycle' : 'none' }
}
