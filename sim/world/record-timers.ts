/** Records what a living process holds; for the leak checker. */

import type { WorldParts } from './process-ports.ts'
import type { VirtualProcess } from './virtual-process.ts'

export function recordTimers({ trace, scheduler }: WorldParts, process: VirtualProcess): void {
  if (!process.isAlive) return
  let timers = 0
  let label = ''
  let mostOfOneLabel = 0
  for (const [each, count] of process.pendingTimers()) {
    timers += count
    if (count > mostOfOneLabel) [label, mostOfOneLabel] = [each, count]
  }
  const data = { timers, label, mostOfOneLabel }
  trace.record({ atMs: scheduler.nowMs, source: process.id, kind: 'process.timers', data })
}
