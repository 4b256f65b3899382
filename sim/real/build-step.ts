/** One step of building what real runs need, as a command of its own: quiet when it succeeds, and told when not. */

import { spawn } from 'node:child_process'
import { InfrastructureError } from '../infrastructure-error.ts'

export interface BuildStep {
  /** What it makes, as it stands in the message. */
  readonly what: string
  readonly file: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** What to do when it fails. */
  readonly mend: string
}

const KEPT_OUTPUT_CHARS = 2_000

/** @throws InfrastructureError with its last words when it fails or cannot be started */
export async function runBuildStep({ what, file, args, cwd, mend }: BuildStep): Promise<void> {
  const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
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
  if (code !== 0) throw new InfrastructureError(`${what} could not be built:\n${output.trim()}`, mend)
}
