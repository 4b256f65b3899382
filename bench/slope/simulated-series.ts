/**
 * Series of collected memory as a bot without any growth could have shown them: the noise of a recorded clean run,
 * drawn anew in blocks of ten minutes by seed, and a leak on top. The recorded run's own growth is left out, and stated
 * beside the rates: it is the bot's, not the method's.
 */

import type { CollectedSample } from '../../sim/assertions/measurements.ts'
import { median } from '../../sim/assertions/median.ts'
import { trendOf } from '../../sim/assertions/trend.ts'
import type { PrngStream } from '../../sim/world/prng.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Points of which neighbours are kept together: what resembles its neighbours in truth does so here. */
const BLOCK_POINTS = 5

/** One measure of a recorded clean run after its warm-up, in bytes, one point every `everyMs`. */
export interface CleanRecord {
  readonly everyMs: number
  readonly bytes: readonly number[]
}

export interface Noise {
  readonly everyMs: number
  /** The recorded growth. */
  readonly bytesPerHour: number
  readonly levelBytes: number
  /** What is left of each point without its trend, in their order. */
  readonly rests: readonly number[]
}

export function noiseOf({ everyMs, bytes }: CleanRecord): Noise {
  const points = bytes.map((value, index) => ({ at: (index * everyMs) / HOUR_MS, value }))
  const bytesPerHour = trendOf([points])?.slope ?? 0
  const levels = points.map(({ at, value }) => value - bytesPerHour * at)
  const levelBytes = median(levels)
  return { everyMs, bytesPerHour, levelBytes, rests: levels.map((level) => level - levelBytes) }
}

/** A run of so many minutes; one series for both measures, as only one is judged. */
export function simulateSeries(
  noise: Noise,
  run: { readonly minutes: number; readonly leakBytesPerHour: number; readonly stream: PrngStream },
): CollectedSample[] {
  const count = Math.floor((run.minutes * MINUTE_MS) / noise.everyMs)
  const rests = drawRests(noise.rests, count, run.stream)
  return rests.map((rest, index) => {
    const atMs = index * noise.everyMs
    const bytes = Math.max(0, noise.levelBytes + (run.leakBytesPerHour * atMs) / HOUR_MS + rest)
    return { atMs, life: 0, anonBytes: bytes, liveBytes: bytes }
  })
}

/** Blocks from anywhere, also around the end. */
function drawRests(rests: readonly number[], count: number, stream: PrngStream): number[] {
  const drawn: number[] = []
  while (drawn.length < count) {
    const start = stream.integer(0, rests.length - 1)
    for (let index = 0; index < BLOCK_POINTS && drawn.length < count; index += 1)
      drawn.push(rests[(start + index) % rests.length] ?? 0)
  }
  return drawn
}
