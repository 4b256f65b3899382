/**
 * Which code a run ran under. Two runs can be compared by hash only when their code digests agree: a changed
 * line of the bot may rightly change the trace.
 */

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

export const versionsSchema = z.object({
  node: z.string(),
  package: z.string(),
  /** SHA-256 over names and contents of all files of src and sim, and of package-lock.json. */
  codeDigest: z.string(),
  platform: z.string(),
})
export type Versions = z.output<typeof versionsSchema>

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export function readVersions(root: string = ROOT): Versions {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readText(join(root, 'package.json'))))
  return {
    node: process.versions.node,
    package: version,
    codeDigest: digestOfCode(root),
    platform: `${process.platform}-${process.arch}`,
  }
}

function digestOfCode(root: string): string {
  const hash = createHash('sha256')
  for (const path of [...filesBelow(root, 'src'), ...filesBelow(root, 'sim'), 'package-lock.json']) {
    const content = readText(join(root, path))
    hash.update(`${path}\0${content.length}\0${content}`)
  }
  return hash.digest('hex')
}

/** Relative paths with forward slashes, sorted, so that every machine hashes in the same order. */
function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted()
}

function readText(path: string): string {
  // A checkout with other line ends is the same code.
  return readFileSync(path, 'utf8').replaceAll('\r\n', '\n')
}
