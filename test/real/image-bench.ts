/** Images of strangers' bots, built over blacksky-node:local where an engine holds it, and removed with their test. */

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { removeContainer } from '../../sim/docker/docker-engine.ts'
import { callEngine } from '../../sim/docker/engine-call.ts'
import { IN_CONTAINER } from './sim-bench.ts'

const BOTS = join(import.meta.dirname, 'foreign-bots')
const ENGINE_MS = 20_000

export interface BuiltImage {
  readonly name: string
  /** With its containers; whoever built it calls this in the end. */
  remove(): Promise<void>
}

/**
 * @param lines of its Dockerfile after FROM
 * @param files of its context: text by name
 */
export async function buildImage(
  lines: readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<BuiltImage> {
  const context = mkdtempSync(join(tmpdir(), 'image-'))
  const name = `stranger-${context.slice(-6).toLowerCase()}-${process.pid}:1`
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(context, file)), { recursive: true })
      writeFileSync(join(context, file), text, { mode: 0o644 })
    }
    writeFileSync(join(context, 'Dockerfile'), [`FROM ${IN_CONTAINER.image}`, ...lines].join('\n'))
    // The classic builder: buildx is not part of Debian's docker.io.
    const env = { ...process.env, DOCKER_BUILDKIT: '0' }
    await promisify(execFile)('docker', ['build', '--quiet', '--network', 'none', '--tag', name, context], {
      env,
    })
  } finally {
    rmSync(context, { recursive: true })
  }
  return { name, remove: () => removeImage(name) }
}

/** One of the foreign bots as a single file in CommonJS, with the Baileys that is installed under this name. */
export async function bundledBot(baileys: string): Promise<string> {
  const contents = `import * as baileys from '${baileys}'
    import { runBot } from './run-bot.mjs'
    void runBot(baileys)`
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: BOTS },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    logLevel: 'error',
    external: ['sharp', 'jimp', 'link-preview-js', 'audio-decode'],
  })
  return outputFiles[0]?.text ?? ''
}

/** Of this image: those that run, or all. */
export async function containersOf(image: string, which: 'running' | 'all'): Promise<readonly string[]> {
  const status = which === 'all' ? {} : { status: [which] }
  const filters = encodeURIComponent(JSON.stringify({ ancestor: [image], ...status }))
  const path = `/containers/json?all=true&filters=${filters}`
  const found: { Id: string }[] = JSON.parse((await callEngine({ method: 'GET', path }, ENGINE_MS)).body)
  return found.map(({ Id }) => Id)
}

/** Those that the engine has made for a container. */
export async function volumesOf(container: string): Promise<readonly string[]> {
  const { body } = await callEngine({ method: 'GET', path: `/containers/${container}/json` }, ENGINE_MS)
  const { Mounts }: { Mounts: { Type: string; Name: string }[] } = JSON.parse(body)
  return Mounts.flatMap(({ Type, Name }) => (Type === 'volume' ? Name : []))
}

export async function isVolume(name: string): Promise<boolean> {
  return (await callEngine({ method: 'GET', path: `/volumes/${name}` }, ENGINE_MS)).status === 200
}

async function removeImage(name: string): Promise<void> {
  for (const id of await containersOf(name, 'all')) await removeContainer(id)
  await callEngine({ method: 'DELETE', path: `/images/${encodeURIComponent(name)}?force=true` }, ENGINE_MS)
}
