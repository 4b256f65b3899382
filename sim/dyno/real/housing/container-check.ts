/** Whether this machine can run a dyno in a container, asked before anything is started. */

import { existsSync } from 'node:fs'
import { release } from 'node:os'
import { engineKernel, findImage, requireEngine, sweepContainers } from '../../../docker/docker-engine.ts'
import type { ImageFacts } from '../../../docker/docker-engine.ts'
import { InfrastructureError } from '../../../infrastructure-error.ts'
import type { WebCommand } from '../web-command.ts'
import type { DynoKind } from './dyno-kind.ts'

export type ContainerDyno = Extract<DynoKind, { kind: 'container' }>

const WITHOUT = '--dyno process'

/**
 * @param without how to do without an engine, for the hint
 * @throws InfrastructureError with what is missing and how to mend it
 */
export async function checkContainerDyno(
  { image, mounts }: Pick<ContainerDyno, 'image' | 'mounts'>,
  without = WITHOUT,
): Promise<void> {
  await requireEngine(without)
  const kernel = await engineKernel()
  if (kernel !== release()) {
    throw new InfrastructureError(
      `the Docker engine runs on another machine, real or virtual: its kernel is ${kernel ?? 'unknown'}, ours ${release()}`,
      `memory is measured by this machine’s /proc: run the simulator where the engine runs, or use ${without}`,
    )
  }
  await requireImage(image)
  const missing = mounts.find((folder) => !existsSync(folder))
  if (missing !== undefined) {
    throw new InfrastructureError(`there is no ${missing} to mount`, 'give a folder of this machine')
  }
  await sweepContainers()
}

/** The command that an image names itself. @throws InfrastructureError */
export async function commandOfImage(image: string): Promise<WebCommand> {
  await requireEngine(WITHOUT)
  const [file, ...args] = (await requireImage(image)).command
  if (file === undefined) {
    throw new InfrastructureError(
      `the image ${image} names no command`,
      'give the command after two dashes: -- node server.js',
    )
  }
  return { text: [file, ...args].join(' '), file, args }
}

async function requireImage(image: string): Promise<ImageFacts> {
  const found = await findImage(image)
  if (typeof found === 'object') return found
  if (found === 'no-name') {
    throw new InfrastructureError(
      `"${image}" is no name of an image`,
      'give the one that `docker images` shows, as my-bot:1: without blanks, and small letters before the colon',
    )
  }
  if (found === 'no-answer') {
    throw new InfrastructureError(
      `the Docker engine did not say in time whether it holds the image ${image}`,
      'see whether `docker images` answers, and try again',
    )
  }
  throw new InfrastructureError(
    `the engine does not hold the image ${image}`,
    `build or pull it first (nothing is pulled here): docker build -t ${image} ., docker pull ${image}, or sim/dyno/real/image/build.sh for this project’s own`,
  )
}
