/** The processes of one dyno, however they are held together, and what is done to all of them at once. */

import { setTimeout as delay } from 'node:timers/promises'
import type { ProcessEntry } from './process-table.ts'

export interface DynoProcesses {
  /** The living ones; zombies are not among them. */
  living(): ProcessEntry[]
}

const SWEEP_STEP_MS = 15
/** SIGKILL takes effect at once but for a process inside a system call of a broken disk. */
const SWEEP_LIMIT_MS = 5_000

/** Signals all of them; returns how many there were. */
export function signalAll(processes: DynoProcesses, signal: NodeJS.Signals): number {
  const living = processes.living()
  for (const { pid } of living) signalQuietly(pid, signal)
  return living.length
}

/**
 * SIGKILL until none is left, also of those that are born meanwhile; returns how many it found at first.
 * @throws Error when some outlive it
 */
export async function sweepAll(processes: DynoProcesses): Promise<number> {
  const found = signalAll(processes, 'SIGKILL')
  const endMs = performance.now() + SWEEP_LIMIT_MS
  while (processes.living().length > 0) {
    if (performance.now() > endMs) throw new Error('processes of the dyno outlive SIGKILL')
    await delay(SWEEP_STEP_MS)
    signalAll(processes, 'SIGKILL')
  }
  return found
}

/** False when the process had ended already. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
