/**
 * One line of the app's log stream as Heroku prints it, and the stream's texts that carry figures. Lines of
 * the simulator itself have the source `heroku-sim`, which Heroku does not know, so that they can be
 * filtered out.
 */

import type { MemoryFigures } from '../memory-verdict.ts'

export type LogSource = 'heroku' | 'app' | 'heroku-sim'

export interface LogLine {
  /** Ms since 1970, with a fraction. */
  readonly atMs: number
  readonly source: LogSource
  /** `web.1`, `router` or `api`. */
  readonly process: string
  /** Which boot of the dyno printed it; undefined for lines of no boot. */
  readonly boot?: number
  readonly text: string
}

/** `2026-01-02T03:04:05.678901+00:00 heroku[web.1]: text`. devcenter.heroku.com/articles/logging */
export function formatLogLine(line: LogLine): string {
  const wholeMs = Math.floor(line.atMs)
  const micros = `${Math.floor((line.atMs - wholeMs) * 1_000)}`.padStart(3, '0')
  const time = new Date(wholeMs).toISOString().replace('Z', `${micros}+00:00`)
  return `${time} ${line.source}[${line.process}]: ${line.text}`
}

/** `Process running mem=1189M(232.4%)`, as real logs print it; the documentation's examples say `MB`. */
export function memoryLine({ memoryMb, percent }: MemoryFigures): string {
  return `Process running mem=${memoryMb}M(${percent.toFixed(1)}%)`
}

export const ERROR_LINES = {
  r10: (limitMs: number) =>
    `Error R10 (Boot timeout) -> Web process failed to bind to $PORT within ${limitMs / 1_000} seconds of launch`,
  r12: (limitMs: number) =>
    `Error R12 (Exit timeout) -> At least one process failed to exit within ${limitMs / 1_000} seconds of SIGTERM`,
  r14: 'Error R14 (Memory quota exceeded)',
  r15: 'Error R15 (Memory quota vastly exceeded)',
} as const

/** Heroku's log says nothing of a cool-off; its length is what the reader of a simulation wants to know. */
export function coolOffLine(crashes: number, waitMs: number, compress: number): string {
  const minutes = ((waitMs * compress) / 60_000).toFixed(1)
  const compressed = compress === 1 ? '' : `, compressed to ${(waitMs / 1_000).toFixed(1)} s`
  return `Crash ${crashes} in a row: cool-off of ${minutes} min${compressed}`
}
