/**
 * Ends processes that outlived the one that started them: a plugin that computes without end does not notice that
 * its bot has died. They are known by a mark in their environment, which every process inherits, whoever adopted it.
 */

import { readFileSync, readdirSync } from 'node:fs'

/** @param mark `NAME=value`, of a value that nothing else has */
export function killMarked(mark: string): void {
  for (const name of procEntries()) {
    if (Number(name) === process.pid || !environmentOf(name).includes(mark)) continue
    try {
      process.kill(Number(name), 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}

function procEntries(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** Empty for processes of others, and for those that have ended. */
function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return []
  }
}
