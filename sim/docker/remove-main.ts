/** Removes the containers that carry a label, given as `name=value`: for whoever can no longer do it itself. */

import { labelledContainers, removeContainer } from './docker-engine.ts'

const label = process.argv[2]
if (label !== undefined && label.includes('=')) {
  for (const { id } of await labelledContainers(label)) await removeContainer(id)
}
