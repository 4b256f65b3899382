/**
 * A dyno's file system: a copy of the app's folder that one boot has for itself and that is wiped with it.
 * Files below node_modules are hard links where the file system allows, everything else is copied (by
 * reflink where it can be), so that what the app writes never reaches the original; only a program that
 * changes files of node_modules in place would, and `isFullCopy` is for those.
 */

import { constants } from 'node:fs'
import { copyFile, link, mkdir, readdir, readlink, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'

/** As Heroku's slug compiler leaves out the history; `.lab` holds this project's own results. */
const LEFT_OUT = new Set(['.git', '.lab'])

export interface AppCopyOptions {
  readonly source: string
  /** Made by this; must not exist. */
  readonly target: string
  readonly isFullCopy: boolean
}

export async function copyApp(options: AppCopyOptions): Promise<void> {
  await mkdir(options.target, { recursive: true })
  await copyFolder(options.source, options.target, false, options.isFullCopy)
}

export async function wipe(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

async function copyFolder(from: string, to: string, isShared: boolean, isFull: boolean): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory())
  await Promise.all(
    files.map(async (entry) => {
      const [source, target] = [join(from, entry.name), join(to, entry.name)]
      if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
      else if (entry.isFile()) await copyOne(source, target, isShared && !isFull)
    }),
  )
  for (const entry of entries) {
    if (!entry.isDirectory() || LEFT_OUT.has(entry.name)) continue
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    await mkdir(target, { mode: (await stat(source)).mode })
    await copyFolder(source, target, isShared || entry.name === 'node_modules', isFull)
  }
}

async function copyOne(source: string, target: string, mayLink: boolean): Promise<void> {
  if (mayLink) {
    try {
      await link(source, target)
      return
    } catch {
      // Another file system, or one without hard links.
    }
  }
  await copyFile(source, target, constants.COPYFILE_FICLONE)
}
