/**
 * Removes the containers that carry a label, given as `name=value`: for whoever can no longer do it itself. It looks
 * twice, because an engine makes a container also when whoever has asked for it is dead by then.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { labelledContainers, removeContainer } from './docker-engine.ts'

const LOOK_AGAIN_MS = 300

const label = process.argv[2]
if (label !== undefined && label.includes('=')) {
  await removeAll(label)
  await delay(LOOK_AGAIN_MS)
  await removeAll(label)
}

async function removeAll(wanted: string): Promise<void> {
  for (const { id } of await labelledContainers(wanted)) await removeContainer(id)
}
