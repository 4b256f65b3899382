/** Session exports as files: for their owner alone, and whole or not at all. */

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { AppError, errorMessageOf } from '../errors.ts'

/** Far above any session's; what is larger is another file. */
const MAX_CHARS = 100_000_000

/**
 * The text itself when it is an export, else what the file of this path holds.
 * @throws AppError `archive-invalid`
 */
export function readArchive(textOrPath: string): string {
  if (/^\s*blacksky-session\s/m.test(textOrPath)) return textOrPath
  try {
    const text = readFileSync(textOrPath, 'utf8')
    if (text.length <= MAX_CHARS) return text
  } catch (error) {
    throw new AppError('archive-invalid', `the session export cannot be read: ${errorMessageOf(error)}`)
  }
  throw new AppError('archive-invalid', 'the session export is far too large to be one')
}

/**
 * Replaces no file that exists.
 * @throws AppError `archive-invalid`; nothing is left behind then
 */
export function writeArchive(path: string, text: string): void {
  const partial = `${path}.partial`
  try {
    // Made first, so that of two at once one fails.
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw new AppError('archive-invalid', `the session export cannot be written: ${errorMessageOf(error)}`)
  }
  try {
    writeFileSync(partial, text, { flag: 'wx', mode: 0o600 })
    renameSync(partial, path)
  } catch (error) {
    rmSync(partial, { force: true })
    rmSync(path, { force: true })
    throw new AppError('archive-invalid', `the session export cannot be written: ${errorMessageOf(error)}`)
  }
}
