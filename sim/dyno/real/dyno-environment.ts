/**
 * The environment of a dyno's process: what Heroku and its Node buildpack set, and the app's config vars.
 * Nothing else of the environment of whoever runs the simulator gets in, as nothing of theirs is on Heroku.
 */

import { delimiter, join } from 'node:path'
import type { DynoSite } from './dyno-site.ts'

const MB_BYTES = 1_048_576

export interface DynoEnvironmentParts {
  readonly port: number
  readonly quotaMb: number
  /** `NAME`, `value`: by which a dyno's processes are known. */
  readonly mark: readonly [string, string]
  /** Config vars; they win over everything but PORT and DYNO. */
  readonly configVars: Readonly<Record<string, string>>
}

/** What depends on the files of a dyno; an image has its own. */
export interface DynoPlace {
  /** The dyno's copy of the app; HOME, as /app is on Heroku. */
  readonly folder: string
  readonly temporaryFolder: string
  /** Where programs are found: the simulator's own PATH. */
  readonly path: string
}

/** MB of memory per web worker that the buildpack reckons with, and above this much memory, the larger one. */
const WEB_MEMORY_MB = { usual: 512, large: 2_048, largeAboveMb: 16_384 }

export function dynoEnvironment(
  parts: DynoEnvironmentParts,
  place: DynoPlace | undefined,
): Record<string, string> {
  const { quotaMb } = parts
  const webMemoryMb = quotaMb > WEB_MEMORY_MB.largeAboveMb ? WEB_MEMORY_MB.large : WEB_MEMORY_MB.usual
  const [markName, markValue] = parts.mark
  return {
    ...(place === undefined ? {} : placeVariables(place)),
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

/** What a boot's environment is made of, wherever its files are. */
export function environmentParts(site: DynoSite, bootNumber: number, port: number): DynoEnvironmentParts {
  const quotaMb = site.rules.quotaBytes / MB_BYTES
  return { port, quotaMb, mark: bootMark(site, bootNumber), configVars: site.configVars }
}

/** `NAME`, `value`: by which one boot's processes are known. */
export function bootMark({ mark }: DynoSite, bootNumber: number): readonly [string, string] {
  const [name, prefix] = mark
  return [name, `${prefix}.${bootNumber}`]
}

function placeVariables({ folder, temporaryFolder, path }: DynoPlace): Record<string, string> {
  return {
    HOME: folder,
    PWD: folder,
    PATH: [join(folder, 'node_modules', '.bin'), path].join(delimiter),
    TMPDIR: temporaryFolder,
  }
}
