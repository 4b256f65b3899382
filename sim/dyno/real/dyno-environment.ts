/**
 * The environment of a dyno's process: what Heroku and its Node buildpack set, and the app's config vars.
 * Nothing else of the environment of whoever runs the simulator gets in, as nothing of theirs is on Heroku.
 */

import { delimiter, join } from 'node:path'

export interface DynoEnvironmentParts {
  readonly port: number
  /** The dyno's copy of the app; HOME, as /app is on Heroku. */
  readonly folder: string
  readonly temporaryFolder: string
  readonly quotaMb: number
  /** Where programs are found: the simulator's own PATH. */
  readonly path: string
  /** `NAME`, `value`: by which a dyno's processes are known. */
  readonly mark: readonly [string, string]
  /** Config vars; they win over everything but PORT and DYNO. */
  readonly configVars: Readonly<Record<string, string>>
}

/** MB of memory per web worker that the buildpack reckons with, and above this much memory, the larger one. */
const WEB_MEMORY_MB = { usual: 512, large: 2_048, largeAboveMb: 16_384 }

export function dynoEnvironment(parts: DynoEnvironmentParts): Record<string, string> {
  const { quotaMb, folder } = parts
  const webMemoryMb = quotaMb > WEB_MEMORY_MB.largeAboveMb ? WEB_MEMORY_MB.large : WEB_MEMORY_MB.usual
  const [markName, markValue] = parts.mark
  return {
    HOME: folder,
    PWD: folder,
    PATH: [join(folder, 'node_modules', '.bin'), parts.path].join(delimiter),
    TMPDIR: parts.temporaryFolder,
    LANG: 'en_US.UTF-8',
    NODE_ENV: 'production',
    MEMORY_AVAILABLE: `${quotaMb}`,
    WEB_MEMORY: `${webMemoryMb}`,
    WEB_CONCURRENCY: `${Math.max(1, Math.floor(quotaMb / webMemoryMb))}`,
    ...parts.configVars,
    PORT: `${parts.port}`,
    DYNO: 'web.1',
    [markName]: markValue,
  }
}
