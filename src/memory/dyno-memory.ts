/**
 * Measures a dyno from the text of /proc files, and finds its quota: standalone functions, usable without
 * the memory manager. Reading the files is an adapter's matter. Surprising: RSS must not be summed, as each
 * process counts the pages it shares (206 MB of RSS were 133 MB in truth), and all of a dyno's processes
 * count, also the `npm start` around the bot.
 */

import type { MemoryMeasure } from '../ports/memory-probe.ts'

const KB = 1024
const MB = 1024 * KB
/** The smallest dyno; assumed when nothing else is known. */
const DEFAULT_QUOTA_MB = 512

/** /proc/<pid>/smaps_rollup and /proc/<pid>/status of one process; undefined where not readable. */
export interface ProcessTexts {
  readonly smapsRollup: string | undefined
  readonly status: string | undefined
}

export interface DynoUsage {
  readonly usedBytes: number
  readonly measure: MemoryMeasure
}

export interface StatusMemory {
  /** Resident, shared pages included. */
  readonly rssBytes: number
  readonly swapBytes: number
  /** Undefined on kernels before 4.5, which do not tell resident pages apart. */
  readonly parts: { readonly anonBytes: number; readonly sharedBytes: number } | undefined
}

/** Pss + SwapPss: shared pages are divided among those who share them. Undefined without these lines. */
export function pssBytes(smapsRollup: string): number | undefined {
  const residentBytes = lineBytes(smapsRollup, 'Pss')
  if (residentBytes === undefined) return undefined
  return residentBytes + (lineBytes(smapsRollup, 'SwapPss') ?? lineBytes(smapsRollup, 'Swap') ?? 0)
}

/** Undefined for a kernel thread and for a process that has ended and waits for its parent. */
export function statusMemory(status: string): StatusMemory | undefined {
  const rssBytes = lineBytes(status, 'VmRSS')
  if (rssBytes === undefined) return undefined
  const anonBytes = lineBytes(status, 'RssAnon')
  const fileBytes = lineBytes(status, 'RssFile') ?? 0
  const sharedBytes = fileBytes + (lineBytes(status, 'RssShmem') ?? 0)
  const parts = anonBytes === undefined ? undefined : { anonBytes, sharedBytes }
  return { rssBytes, swapBytes: lineBytes(status, 'VmSwap') ?? 0, parts }
}

/**
 * The dyno's memory by the best measure that all its living processes offer; measures are not mixed,
 * because then shared pages would count twice. Processes without any figure hold no memory.
 * Undefined when no process could be read.
 */
export function dynoUsage(processes: readonly ProcessTexts[]): DynoUsage | undefined {
  const figures = processes
    .map(({ smapsRollup, status }) => ({
      pss: smapsRollup === undefined ? undefined : pssBytes(smapsRollup),
      status: status === undefined ? undefined : statusMemory(status),
    }))
    .filter(({ pss, status }) => pss !== undefined || status !== undefined)
  if (figures.length === 0) return undefined

  const pss = allDefined(figures.map((figure) => figure.pss))
  if (pss !== undefined) return { measure: 'pss', usedBytes: sum(pss) }

  const statuses = figures.flatMap(({ status }) => status ?? [])
  const swapBytes = sum(statuses.map((status) => status.swapBytes))
  const parts = allDefined(statuses.map((status) => status.parts))
  if (parts !== undefined) {
    const anonBytes = sum(parts.map((part) => part.anonBytes))
    const sharedBytes = Math.max(...parts.map((part) => part.sharedBytes))
    return { measure: 'rss-anon', usedBytes: anonBytes + swapBytes + sharedBytes }
  }
  return { measure: 'rss', usedBytes: sum(statuses.map((status) => status.rssBytes)) + swapBytes }
}

/**
 * The quota: the setting, else the smaller of the container's limit and MEMORY_AVAILABLE, else 512 MB.
 * A limit counts only below the machine's memory: without one, Node reports 1.8e19 bytes or 0, and a
 * container's limit can be set above what the machine has.
 */
export function resolveQuotaBytes(known: {
  readonly settingMb: number | undefined
  readonly cgroupLimitBytes: number | undefined
  readonly memoryAvailableMb: number | undefined
  readonly totalMemBytes: number
}): number {
  if (known.settingMb !== undefined) return known.settingMb * MB
  const limits = [known.cgroupLimitBytes ?? 0, (known.memoryAvailableMb ?? 0) * MB].filter(
    (limit) => limit > 0 && limit < known.totalMemBytes,
  )
  return limits.length === 0 ? DEFAULT_QUOTA_MB * MB : Math.min(...limits)
}

function lineBytes(text: string, key: string): number | undefined {
  const kilobytes = new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * KB
}

function allDefined<T>(values: readonly (T | undefined)[]): T[] | undefined {
  const defined = values.filter((value) => value !== undefined)
  return defined.length === values.length ? defined : undefined
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
