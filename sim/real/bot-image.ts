/**
 * The bot as an image, for runs in containers: made anew from what is built, which takes seconds, because a proof about
 * yesterday's image is none.
 */

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { requireEngine } from '../docker/docker-engine.ts'
import { InfrastructureError } from '../infrastructure-error.ts'

const BUILD = fileURLToPath(new URL('../dyno/real/image/build.sh', import.meta.url))
const KEPT_OUTPUT_CHARS = 2_000

/** @throws InfrastructureError without an engine, or when it cannot be built */
export async function buildBotImage(say: (line: string) => void): Promise<void> {
  await requireEngine('--dyno process')
  say('building the image of the bot')
  const child = spawn(BUILD, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-KEPT_OUTPUT_CHARS)))
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      output += error.message
      resolve(null)
    })
    child.once('close', resolve)
  })
  if (code === 0) return
  throw new InfrastructureError(
    `the image of the bot could not be built:\n${output.trim()}`,
    `${BUILD} shows why`,
  )
}
