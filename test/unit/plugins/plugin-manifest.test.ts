/** What makes a folder a plugin, and what is said of one that is none. */

import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readPluginFolder } from '../../../src/adapters/system-plugin-folder.ts'
import { pluginCommands } from '../../../src/plugins/plugin-commands.ts'
import { readPlugin } from '../../../src/plugins/plugin-manifest.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const MODULE = 'file:///plugins/dice/index.js'
const GOOD = { summary: 'throws dice', effect: 'repeatable' }

function problemOf(manifest: unknown, over: { name?: string; module?: string | undefined } = {}): string {
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest)
  const reading = readPlugin({ name: 'dice', manifest: text, module: MODULE, ...over })
  return reading.ok ? 'none' : reading.problem
}

describe('a plugin', () => {
  it('is a folder with a manifest and a module', () => {
    const found = { name: 'dice', manifest: JSON.stringify(GOOD), module: MODULE }
    expect(readPlugin(found)).toEqual({ ok: true, plugin: { name: 'dice', ...GOOD, module: MODULE } })
  })

  it.each([
    ['{', /no JSON object/],
    ['[]', /no JSON object/],
    [{ ...GOOD, summary: '' }, /"summary"/],
    [{ ...GOOD, summary: 'two\nlines' }, /"summary"/],
    [{ ...GOOD, summary: 'x'.repeat(101) }, /"summary"/],
    [{ summary: 'throws dice' }, /"effect"/],
    [{ ...GOOD, effect: 'twice' }, /"effect"/],
    [{ ...GOOD, isHeavy: true }, /"isHeavy"; it may have summary and effect/],
  ])('is not made by the manifest %j', (manifest, problem) => {
    expect(problemOf(manifest)).toMatch(problem)
  })

  it.each(['Dice', 'two words', '', '-x', 'x'.repeat(33)])('is not named %j', (name) => {
    expect(problemOf(GOOD, { name })).toMatch(/no command word/)
  })

  it('is not one without its module or its manifest', () => {
    expect(problemOf(GOOD, { module: undefined })).toMatch(/index\.js/)
    const reading = readPlugin({ name: 'dice', manifest: undefined, module: MODULE })
    expect(reading).toEqual({ ok: false, problem: 'it has no plugin.json' })
  })
})

describe('the commands of a folder', () => {
  it('are those that can be used; of the others the log says why', () => {
    const logger = new RecordingLogger()
    const manifest = JSON.stringify(GOOD)
    const found = [
      { name: 'broken', manifest: '{', module: MODULE },
      { name: 'dice', manifest, module: MODULE },
      { name: 'ping', manifest, module: MODULE },
    ]
    const host = { run: () => Promise.resolve('4') }
    const commands = pluginCommands({ logger, host }, found)
    expect(commands.map(({ name, summary, effect }) => [name, summary, effect])).toEqual([
      ['dice', 'throws dice', 'repeatable'],
    ])
    expect(logger.lines.map(({ event, fields }) => [event, fields['plugin']])).toEqual([
      ['plugins.unusable', 'broken'],
      ['plugins.unusable', 'ping'],
    ])
  })
})

describe('the example', () => {
  it('is a plugin, and the only one that comes with the bot', async () => {
    const folder = new URL('../../../plugins', import.meta.url)
    const found = readPluginFolder(fileURLToPath(folder))
    expect(found.map(readPlugin)).toEqual([expect.objectContaining({ ok: true })])
    const { run } = (await import(found[0]?.module ?? '')) as { run: (request: { args: string }) => string }
    expect(run({ args: '' })).toMatch(/^[1-6]$/)
    expect(run({ args: '3d2' })).toMatch(/^[12] \+ [12] \+ [12] = [3-6]$/)
    for (const args of ['many', '0', '21d6', 'd1']) expect(run({ args })).toBe('Like this: .dice 2d6')
  })
})
