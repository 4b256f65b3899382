/**
 * Heroku's dyno sizes as far as they change a web dyno's life: quota, when R15 kills, who sleeps, who may
 * preboot. Sources: devcenter.heroku.com/articles/dyno-types (memory), …/dyno-memory-behavior (R15 limits),
 * …/preboot, …/eco-dyno-hours. Performance-M and above: the ceiling between samples was never seen, so it
 * is put where R15 is.
 */

export interface DynoSize {
  /** As `heroku ps:scale` prints it. */
  readonly title: string
  readonly quotaMb: number
  /** R15 above this share of the quota. */
  readonly r15Ratio: number
  /** Killed at once at this share. Seen at 2.5 on 512 MB dynos (two logs end at 1280M); inferred elsewhere. */
  readonly ceilingRatio: number
  readonly isSleeping: boolean
  readonly canPreboot: boolean
}

const common = { r15Ratio: 2, ceilingRatio: 2.5, isSleeping: false, canPreboot: true }
const large = { ...common, r15Ratio: 1.2, ceilingRatio: 1.2 }
const isolated = { ...common, r15Ratio: 1, ceilingRatio: 1 }

export const DYNO_SIZES = {
  eco: { ...common, title: 'Eco', quotaMb: 512, isSleeping: true, canPreboot: false },
  basic: { ...common, title: 'Basic', quotaMb: 512, canPreboot: false },
  'standard-1x': { ...common, title: 'Standard-1X', quotaMb: 512 },
  'standard-2x': { ...common, title: 'Standard-2X', quotaMb: 1_024 },
  'performance-m': { ...common, title: 'Performance-M', quotaMb: 2_560, ceilingRatio: 2 },
  'performance-l': { ...common, title: 'Performance-L', quotaMb: 14_336, ceilingRatio: 2 },
  'performance-l-ram': { ...large, title: 'Performance-L-RAM', quotaMb: 30_720 },
  'performance-xl': { ...large, title: 'Performance-XL', quotaMb: 63_488 },
  'performance-2xl': { ...large, title: 'Performance-2XL', quotaMb: 129_024 },
  'private-s': { ...isolated, title: 'Private-S', quotaMb: 1_024 },
  'private-m': { ...isolated, title: 'Private-M', quotaMb: 2_560 },
  'private-l': { ...isolated, title: 'Private-L', quotaMb: 14_336 },
} as const satisfies Record<string, DynoSize>

export type DynoSizeName = keyof typeof DYNO_SIZES

export const DYNO_SIZE_NAMES = Object.keys(DYNO_SIZES) as readonly DynoSizeName[]

export function isDynoSizeName(text: string): text is DynoSizeName {
  return Object.hasOwn(DYNO_SIZES, text)
}
