/** What memory decisions depend on: the operator's choices, and the figures that nobody should need to turn. */

/** The operator's choices. */
export interface MemoryChoices {
  /** False: measure and report, nothing else. */
  readonly isEnabled: boolean
  readonly quotaBytes: number
  /** Percent of the quota. */
  readonly cleanupPercent: number
  /** Percent of the quota, above `cleanupPercent`. */
  readonly emergencyPercent: number
  readonly sampleIntervalMs: number
}

export interface MemorySettings extends MemoryChoices {
  /** A level is left only so many points below its threshold, so that usage around the line does not flap. */
  readonly hysteresisPercent: number
  /** Wait between cleanups while the level stays `cleanup`. */
  readonly cleanupCooldownMs: number
  /** The same once two cleanups in a row did not help: a full collection stops the bot for about 0.1 s. */
  readonly ineffectiveCooldownMs: number
  /** Wait between cleanups while the level stays `emergency`. */
  readonly emergencyCooldownMs: number
  /** A cleanup that gives back less, in percent of the quota, did not help. */
  readonly ineffectivePercent: number
  /** What an emergency cleanup leaves has grown when it is so much more than the one before left, in percent of the quota. */
  readonly growthPercent: number
  /** An emergency that lasts so long ends in a recycle, whether or not a cleanup is over. */
  readonly recycleAfterMs: number
  /** A recycle that was asked for or accepted and did not happen is asked for again after this. */
  readonly recycleRepeatMs: number
  /** Least time between two alerts of one kind. */
  readonly alertIntervalMs: number
  /** A reclaimer that takes longer is passed over. */
  readonly reclaimTimeoutMs: number
}

/** The operator's choices, completed. */
export function memorySettings(choices: MemoryChoices): MemorySettings {
  return {
    ...choices,
    hysteresisPercent: 5,
    cleanupCooldownMs: 60_000,
    ineffectiveCooldownMs: 600_000,
    emergencyCooldownMs: 10_000,
    ineffectivePercent: 5,
    growthPercent: 2,
    recycleAfterMs: 30_000,
    recycleRepeatMs: 60_000,
    alertIntervalMs: 600_000,
    reclaimTimeoutMs: 2000,
  }
}
