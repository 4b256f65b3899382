/** The recorded memory of production dynos, and what the slopes of these real runs come to. */

import { readFileSync } from 'node:fs'
import { estimateSlope } from '../../sim/assertions/memory-slope.ts'
import type { MemorySeries } from '../bot/memory-series.ts'
import { MEASURES } from './slope-rates.ts'

const MB_BYTES = 1_048_576

export interface RecordedSlope {
  readonly name: string
  readonly leakMbPerHour: number
  readonly minutes: number
  readonly metric: string
  readonly mbPerHour: number
  readonly lowMbPerHour: number
  readonly highMbPerHour: number
}

/** As `npm run bench -- memory` writes it. */
export function readMemorySeries(file: URL): readonly MemorySeries[] {
  const { series }: { readonly series: readonly MemorySeries[] } = JSON.parse(readFileSync(file, 'utf8'))
  return series
}

export function recordedSlopes(series: readonly MemorySeries[]): RecordedSlope[] {
  return series.flatMap((each) =>
    Object.entries(MEASURES).map(([metric, field]) => {
      const bytes = each[field]
      const samples = bytes.map((value, index) => ({
        atMs: index * each.everyMs,
        life: 0,
        anonBytes: value,
        liveBytes: value,
      }))
      const measured = estimateSlope(samples, ({ liveBytes }) => liveBytes)
      if (typeof measured === 'string') throw new Error(`${each.name}: ${measured}`)
      return {
        name: each.name,
        leakMbPerHour: each.leakMbPerHour,
        minutes: (bytes.length * each.everyMs) / 60_000,
        metric,
        mbPerHour: measured.value / MB_BYTES,
        lowMbPerHour: measured.low / MB_BYTES,
        highMbPerHour: measured.high / MB_BYTES,
      }
    }),
  )
}
