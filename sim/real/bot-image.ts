/**
 * The bot as an image, for runs in containers: made anew from what is built, which takes seconds, because a proof about
 * yesterday's image is none.
 */

import { fileURLToPath } from 'node:url'
import { requireEngine } from '../docker/docker-engine.ts'
import { runBuildStep } from './build-step.ts'

const BUILD = fileURLToPath(new URL('../dyno/real/image/build.sh', import.meta.url))

/** @throws InfrastructureError without an engine, or when it cannot be built */
export async function buildBotImage(say: (line: string) => void): Promise<void> {
  await requireEngine('--dyno process')
  say('building the image of the bot')
  await runBuildStep({ what: 'the image of the bot', file: BUILD, args: [], mend: `${BUILD} shows why` })
}
