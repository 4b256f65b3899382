/** What a target's dynos are, of the target's own words and the run's: the dyno's kind, and the command in it. */

import { dirname } from 'node:path'
import { findImage } from '../docker/docker-engine.ts'
import type { DynoKind } from '../dyno/real/housing/dyno-kind.ts'
import { CONTAINER_SHELL, commandOf } from '../dyno/real/web-command.ts'
import type { WebCommand } from '../dyno/real/web-command.ts'
import type { RealTarget } from '../targets/real/real-target.ts'

/** Folders of what the lab loads into a target's processes. */
const LAB_PRELOADS = [import.meta.dirname, `${dirname(import.meta.dirname)}/balloon/agent`]

/**
 * In a container, the target sees of this machine what it reads itself, what the lab loads into it, and the folder that
 * outlives its dynos; that last one it may change.
 */
export function dynoOfTarget(
  { image, mounts }: Pick<RealTarget, 'image' | 'mounts'>,
  configVars: Readonly<Record<string, string>>,
  stateFolder: string,
): DynoKind {
  if (image === undefined) return { kind: 'process' }
  const { BALLOON_SOCKET: socket, LAB_CLOCKS: clocks } = configVars
  const ofRun = [socket === undefined ? [] : dirname(socket), clocks ?? []].flat()
  return {
    kind: 'container',
    image,
    mounts: [...mounts, ...LAB_PRELOADS, ...ofRun],
    writableMounts: [stateFolder],
  }
}

/** @throws Error for a target without a command: its own mistake */
export function commandOfTarget({
  name,
  command,
  image,
}: Pick<RealTarget, 'name' | 'command' | 'image'>): WebCommand {
  const found = commandOf(command, image === undefined ? undefined : CONTAINER_SHELL)
  if (found === undefined) throw new Error(`target ${name} has no command`)
  return found
}

/** What the target's image gives Node: the lab adds to NODE_OPTIONS, and must not take these away. */
export async function nodeOptionsOf(image: string | undefined): Promise<string> {
  if (image === undefined) return ''
  const found = await findImage(image)
  return typeof found === 'object' ? (found.environment['NODE_OPTIONS'] ?? '') : ''
}
