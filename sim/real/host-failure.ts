/** What a dyno runs in belongs to the lab's surroundings: where it fails, nothing is said of the bot. */

import type { DynoEvent } from '../dyno/real/dyno-event.ts'
import { InfrastructureError } from '../infrastructure-error.ts'

/** Why the run cannot go on; undefined for any other event. */
export function hostFailureOf(event: DynoEvent): InfrastructureError | undefined {
  if (event.kind !== 'host-failed') return undefined
  const hint = 'see that Docker runs, where it is a container, and that the disk has room; then run it again'
  return new InfrastructureError(event.why, hint)
}
