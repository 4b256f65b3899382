/**
 * Where the lab's output goes, and what it can show: colours, and a last line that is rewritten in place. In
 * CI and into pipes every line is plain and final.
 */

import pc from 'picocolors'

export type Colors = ReturnType<typeof pc.createColors>

export interface Terminal {
  readonly colors: Colors
  /** Whether a line may be rewritten in place. */
  readonly isLive: boolean
  readonly columns: number
  write(text: string): void
  writeError(text: string): void
}

export interface OutputStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** @param variables environment variables; NO_COLOR, FORCE_COLOR, CI and TERM are looked at. */
export function createTerminal(
  out: OutputStream,
  err: OutputStream,
  variables: Readonly<Record<string, string | undefined>>,
): Terminal {
  const isTty = out.isTTY === true && variables['TERM'] !== 'dumb'
  const isPlain = (variables['NO_COLOR'] ?? '') !== ''
  const isForced = (variables['FORCE_COLOR'] ?? '0') !== '0'
  return {
    colors: pc.createColors(!isPlain && (isTty || isForced)),
    isLive: isTty && (variables['CI'] ?? '') === '',
    // 80 is what a terminal without a size has always been.
    columns: out.columns ?? 80,
    write: (text) => void out.write(text),
    writeError: (text) => void err.write(text),
  }
}
