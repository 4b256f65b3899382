/**
 * The project's own bot, compiled as it is deployed: built anew when a source is younger than what is in `dist`,
 * because a proof about yesterday's build is none.
 */

import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { InfrastructureError } from '../infrastructure-error.ts'

const APP_FOLDER = join(import.meta.dirname, '../..')
const KEPT_OUTPUT_CHARS = 2_000

/**
 * Compiles the bot if need be.
 * @param say is told when it does
 * @throws InfrastructureError when the sources do not compile
 */
export async function ensureBuilt(say: (line: string) => void): Promise<void> {
  const built = join(APP_FOLDER, 'dist/main.js')
  const builtAtMs = existsSync(built) ? statSync(built).mtimeMs : 0
  if (newestMs(join(APP_FOLDER, 'src')) <= builtAtMs) return
  say('building the bot, because its sources are younger than dist')
  const child = spawn('npm', ['run', 'build:bot'], { cwd: APP_FOLDER, stdio: ['ignore', 'pipe', 'pipe'] })
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
  if (code !== 0)
    throw new InfrastructureError(
      `the bot could not be built:\n${output.trim()}`,
      'npm run build:bot shows why',
    )
}

function newestMs(folder: string): number {
  return Math.max(
    0,
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  )
}
