/**
 * The two lines of Heroku's log-runtime-metrics for one sample, and the load average behind the first. Pure.
 * Real dynos show RSS clipped at the quota and the rest as swap; a local process has RSS only, so it is split
 * in the same way. Page cache cannot be told apart from here and is 0. (devcenter.heroku.com/articles/log-runtime-metrics)
 */

const MB_BYTES = 1_048_576
const LOAD_MINUTES = [1, 5, 15] as const

/** Exponentially damped averages of running tasks over 1, 5 and 15 minutes; undefined before there is one. */
export type LoadAverages = readonly [number, number, number]

/** @param busyTasks tasks that ran on average since the last sample: CPU time over wall time */
export function nextLoadAverages(
  before: LoadAverages | undefined,
  busyTasks: number,
  elapsedMs: number,
): LoadAverages {
  if (before === undefined) return [busyTasks, busyTasks, busyTasks]
  const [one, five, fifteen] = LOAD_MINUTES.map((minutes, index) => {
    const weight = Math.exp(-elapsedMs / (minutes * 60_000))
    return (before[index] ?? 0) * weight + busyTasks * (1 - weight)
  })
  return [one ?? 0, five ?? 0, fifteen ?? 0]
}

export function loadLine(source: string, load: LoadAverages): string {
  const [one, five, fifteen] = load.map((average) => average.toFixed(2))
  return `${source} sample#load_avg_1m=${one} sample#load_avg_5m=${five} sample#load_avg_15m=${fifteen}`
}

export interface MemoryMetrics {
  readonly totalBytes: number
  readonly quotaBytes: number
  readonly pagesIn: number
  readonly pagesOut: number
}

export function memoryMetricsLine(source: string, metrics: MemoryMetrics): string {
  const { totalBytes, quotaBytes, pagesIn, pagesOut } = metrics
  const residentBytes = Math.min(totalBytes, quotaBytes)
  return [
    source,
    `sample#memory_total=${mb(totalBytes)}`,
    `sample#memory_rss=${mb(residentBytes)}`,
    `sample#memory_cache=${mb(0)}`,
    `sample#memory_swap=${mb(totalBytes - residentBytes)}`,
    `sample#memory_pgpgin=${pagesIn}pages`,
    `sample#memory_pgpgout=${pagesOut}pages`,
    `sample#memory_quota=${mb(quotaBytes)}`,
  ].join(' ')
}

/** `source=web.1 dyno=heroku.<app id>.<dyno's uuid>`. */
export function metricsSource(appId: string, dynoUuid: string): string {
  return `source=web.1 dyno=heroku.${appId}.${dynoUuid}`
}

function mb(bytes: number): string {
  return `${(bytes / MB_BYTES).toFixed(2)}MB`
}
