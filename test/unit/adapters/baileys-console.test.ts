/** The libraries' console is silent, everybody else's is not. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { silenceLibraryConsole } from '../../../src/adapters/baileys-console.ts'

const folder = mkdtempSync(join(tmpdir(), 'console-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A function in a file of that package which calls the console it is given. */
async function speakerIn(path: string): Promise<(target: Console, text: string) => void> {
  const file = join(folder, path, 'speak.mjs')
  mkdirSync(join(folder, path), { recursive: true })
  writeFileSync(file, 'export const speak = (target, text) => { target.info(text); target.error(text) }\n')
  const loaded: { speak: (target: Console, text: string) => void } = await import(pathToFileURL(file).href)
  return loaded.speak
}

function recordingConsole(): { target: Console; said: unknown[] } {
  const said: unknown[] = []
  const say = (...values: unknown[]): void => void said.push(...values)
  const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir']
  return { target: Object.fromEntries(methods.map((name) => [name, say])) as unknown as Console, said }
}

describe('silenceLibraryConsole', () => {
  it('silences libsignal and Baileys, wherever they are installed', async () => {
    const { target, said } = recordingConsole()
    silenceLibraryConsole(target)
    silenceLibraryConsole(target)
    const speakers = await Promise.all(
      ['node_modules/libsignal/src', 'node_modules/@whiskeysockets/baileys/lib', 'node_modules/other'].map(
        speakerIn,
      ),
    )
    speakers.forEach((speak, index) => speak(target, `speaker ${index}`))
    target.log('ours')
    expect(said).toEqual(['speaker 2', 'speaker 2', 'ours'])
  })

  it('leaves the depth of stack traces as it was', () => {
    const { target } = recordingConsole()
    silenceLibraryConsole(target)
    const before = Error.stackTraceLimit
    target.warn('x')
    expect(Error.stackTraceLimit).toBe(before)
  })
})
