/** The memory's part of the composition: its manager and the heap snapshots, both by the same quota. */

import { botMemorySettings } from './bot-settings.ts'
import type { BotOptions, BotPorts } from './bot-ports.ts'
import { HeapSnapshots } from './memory/heap-snapshot.ts'
import { MemoryManager } from './memory/memory-manager.ts'
import type { MemoryManagerDeps } from './memory/memory-manager.ts'

export function createHeapSnapshots(ports: BotPorts, options: BotOptions): HeapSnapshots {
  const { clock, logger, memoryProbe: probe, heapWriter: writer } = ports
  const { quotaBytes } = botMemorySettings(options)
  const isTakenAtEmergency = options.config.isHeapSnapshotAtEmergency
  return new HeapSnapshots({ clock, logger, probe, writer, settings: { quotaBytes, isTakenAtEmergency } })
}

/** `reclaimers`: beside those of the ports. */
export function createMemoryManager(
  ports: BotPorts,
  options: BotOptions,
  parts: Pick<MemoryManagerDeps, 'reclaimers' | 'requestRecycle' | 'onLevel'>,
): MemoryManager {
  const { clock, logger, memoryProbe: probe, reclaimers } = ports
  return new MemoryManager({
    clock,
    logger,
    probe,
    settings: botMemorySettings(options),
    ...parts,
    reclaimers: [...reclaimers, ...parts.reclaimers],
  })
}
