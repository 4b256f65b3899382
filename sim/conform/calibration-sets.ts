/**
 * Which scenarios the ledger's constants are fitted on, and on which others they are judged: a model that is judged
 * on what it was fitted to has only been copied.
 */

/** Idle and under a flood of commands, large buffers and garbage, small native blocks. */
export const FIT_SET = [
  '512mb-quota/burst-between-samples',
  '512mb-quota/cleanup-ineffective',
  'dyno-restart/command-flood',
] as const

/** A leak in the heap, a recycle under traffic, and dynos that come and go. */
export const HELD_OUT_SET = [
  '512mb-quota/slow-leak',
  'dyno-restart/recycle-under-traffic',
  'dyno-restart/daily-cycle',
] as const

export const CALIBRATION_SETS = { fit: FIT_SET, 'held out': HELD_OUT_SET } as const
export type CalibrationSet = keyof typeof CALIBRATION_SETS

export function calibrationSetOf(scenario: string): CalibrationSet | undefined {
  if ((FIT_SET as readonly string[]).includes(scenario)) return 'fit'
  return (HELD_OUT_SET as readonly string[]).includes(scenario) ? 'held out' : undefined
}
