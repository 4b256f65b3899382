/**
 * The table of docs/testing-your-own-bot.md, row by row: bots that know nothing of the lab are brought to the fake
 * WhatsApp by the preload, linked by its phone, and answer.
 */

import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import type { PreloadReport } from '../../sim/targets/real/preload-reports.ts'
import { targetOfCommand } from '../../sim/targets/real/target-of-command.ts'
import { expectAnswer, PATIENCE_MS, targetBench, temporaryFolder } from './target-bench.ts'
import type { TargetBench } from './target-bench.ts'

const TIMEOUT_MS = 60_000
const BOTS = join(import.meta.dirname, 'foreign-bots')
const MODULES = join(import.meta.dirname, '../../node_modules')
const BAILEYS = '@whiskeysockets/baileys'
const LINKED = { linked: 1, refusal: undefined }

/** Resolves when it has answered. */
async function answering(command: string, bench?: TargetBench): Promise<PreloadReport> {
  const used = bench ?? (await targetBench())
  const target = targetOfCommand(command, { folder: BOTS, path: process.env['PATH'] ?? '' })
  const { lines } = used.boot(target, { settings: { PHONE: used.account.pn } })
  try {
    await expectAnswer(used)
  } catch (error) {
    throw new Error(`${command} has not answered: ${lines.slice(-20).join('\n')}`, { cause: error })
  }
  expect(used.whatsapp.truth().protocolErrors).toBe(0)
  return used.report()
}

describe('the preload brings to the fake WhatsApp', () => {
  it(
    'Baileys 7, which asks for the newest version first',
    async () => {
      const { hosts, ...report } = await answering(`node ${BOTS}/bot.mjs ${BAILEYS} newest`)
      expect(report).toMatchObject(LINKED)
      expect(hosts.toSorted()).toEqual(['raw.githubusercontent.com', 'web.whatsapp.com'])
    },
    TIMEOUT_MS,
  )

  it(
    'Baileys 6.7 under another name, and its pictures',
    async () => {
      const bench = await targetBench()
      const { whatsapp, account } = bench
      expect(await answering(`node ${BOTS}/bot.mjs baileys-6 newest`, bench)).toMatchObject(LINKED)
      const [anna] = whatsapp.contacts
      await anna?.say(await whatsapp.mediaMessage('image', Buffer.alloc(1_000, 'x')), { to: account })
      await anna?.inbox.waitFor('got 1000 bytes', { timeoutMs: PATIENCE_MS })
      expect(bench.report().hosts).toContain('mmg.whatsapp.net')
    },
    TIMEOUT_MS,
  )

  it.each(['bot.cjs', 'in-a-worker.mjs'])(
    'a bot in CommonJS, a bot in a worker thread: %s',
    async (file) => {
      expect(await answering(`node ${BOTS}/${file} ${BAILEYS}`)).toMatchObject(LINKED)
    },
    TIMEOUT_MS,
  )

  it(
    'a fork that really checks signatures',
    async () => {
      const folder = temporaryFolder()
      const modules = join(folder, 'node_modules')
      mkdirSync(modules)
      for (const name of readdirSync(MODULES)) symlinkSync(join(MODULES, name), join(modules, name))
      cpSync(join(MODULES, BAILEYS), join(modules, 'their-baileys'), { recursive: true })
      cpSync(BOTS, folder, { recursive: true })
      expect(await answering(`node ${folder}/bot.mjs their-baileys strict`)).toMatchObject(LINKED)
    },
    TIMEOUT_MS,
  )

  it(
    'a bot in TypeScript that tsx runs',
    async () => {
      const folder = temporaryFolder()
      symlinkSync(MODULES, join(folder, 'node_modules'))
      // With an enum, which Node by itself refuses.
      const program = `import * as baileys from '${BAILEYS}'
        import { runBot } from '${BOTS}/run-bot.mjs'
        enum Way { Newest = 'newest' }
        void runBot(baileys, [Way.Newest] as never)`
      writeFileSync(join(folder, 'bot.mts'), program)
      expect(await answering(`${MODULES}/.bin/tsx ${folder}/bot.mts`)).toMatchObject(LINKED)
    },
    TIMEOUT_MS,
  )

  it.each(['esm', 'cjs'] as const)(
    'a bot that esbuild has made into one small file (%s)',
    async (format) => {
      const file = join(temporaryFolder(), format === 'esm' ? 'bot.mjs' : 'bot.cjs')
      await bundle(format, file)
      expect(await answering(`node ${file}`)).toMatchObject(LINKED)
    },
    TIMEOUT_MS,
  )

  it(
    'a bot that asks for a pairing code',
    async () => {
      expect(await answering(`node ${BOTS}/bot.mjs ${BAILEYS} code`)).toMatchObject(LINKED)
    },
    TIMEOUT_MS,
  )
})

async function bundle(format: 'esm' | 'cjs', outfile: string): Promise<void> {
  const contents = `import * as baileys from '${BAILEYS}'
    import { runBot } from './run-bot.mjs'
    void runBot(baileys)`
  await build({
    stdin: { contents, resolveDir: BOTS },
    bundle: true,
    minify: true,
    platform: 'node',
    format,
    outfile,
    logLevel: 'error',
    // What packages in CommonJS ask for inside of a module.
    ...(format === 'esm' && {
      banner: { js: "import{createRequire}from'module';const require=createRequire(import.meta.url);" },
    }),
    external: ['sharp', 'jimp', 'link-preview-js', 'audio-decode'],
  })
}
