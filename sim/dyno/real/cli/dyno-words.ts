/** The words by which a person says what the dyno runs in. */

import { resolve } from 'node:path'
import { Option } from 'commander'
import type { Command } from 'commander'
import { LabProblem } from '../../../cli/lab-problem.ts'
import { DYNO_KINDS } from '../housing/dyno-kind.ts'
import type { DynoKind } from '../housing/dyno-kind.ts'
import { SIM_EXIT } from './sim-exit-code.ts'

export interface DynoWords {
  dyno: DynoKind['kind']
  image?: string
  mount: string[]
}

export function addDynoOptions(program: Command): Command {
  return program
    .addOption(
      new Option('--dyno <kind>', 'process: on this machine; container: in Docker, the app from --image')
        .choices(DYNO_KINDS)
        .default('process'),
    )
    .option('--image <name>', 'the container’s image; it must be on this machine')
    .option('--mount <folder>', 'seen by the container under the same path, read-only', addFolder, [])
}

/** @throws LabProblem when the words contradict each other */
export function dynoOf({ dyno: kind, image, mount: mounts }: DynoWords): DynoKind {
  if (kind === 'process') {
    if (image !== undefined)
      throw problem('--image is for containers only', '--image', 'add --dyno container')
    if (mounts.length > 0) throw problem('--mount is for containers only', '--mount', 'add --dyno container')
    return { kind }
  }
  if (image === undefined || image === '') {
    throw problem(
      'a container needs an image',
      '--dyno container',
      'add --image <name>, e.g. --image blacksky-md:local',
    )
  }
  return { kind, image, mounts }
}

function addFolder(folder: string, before: string[]): string[] {
  return [...before, resolve(folder)]
}

function problem(what: string, where: string, mend: string): LabProblem {
  return new LabProblem({ what, where, mend, exitCode: SIM_EXIT.usage })
}
