/**
 * The project's own bot, compiled as it is deployed: built anew when a source is younger than what is in `dist`,
 * because a proof about yesterday's build is none.
 */

import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { runBuildStep } from './build-step.ts'

const APP_FOLDER = join(import.meta.dirname, '../..')

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
  await runBuildStep({
    what: 'the bot',
    file: 'npm',
    args: ['run', 'build:bot'],
    cwd: APP_FOLDER,
    mend: 'npm run build:bot shows why',
  })
}

function newestMs(folder: string): number {
  return Math.max(
    0,
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  )
}
