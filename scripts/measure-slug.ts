/**
 * Builds what Heroku would run, in a folder of its own and by the same steps (tracked files less .slugignore,
 * npm ci, heroku-postbuild, prune), measures it, and shows that it runs without the development dependencies:
 * the Procfile's web process must answer /health, without a database, and end on SIGTERM. JSON on stdout.
 * Needs the npm registry.
 */

import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { folderBytes, ignoredPaths, procfileCommand } from './slug-size.ts'

const BOOT_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 30_000
/** Nobody listens there: the bot must say so and stay up. */
const NO_DATABASE = 'postgres://nobody:nothing@127.0.0.1:9/none'

const folder = mkdtempSync(join(tmpdir(), 'blacksky-slug-'))
try {
  build(folder)
  const sizes = measure(folder)
  const run = await runWeb(folder)
  process.stdout.write(`${JSON.stringify({ node: process.version, ...sizes, ...run }, undefined, 2)}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function build(slug: string): void {
  step(process.cwd(), 'git', ['archive', '--format=tar', '-o', join(slug, 'tracked.tar'), 'HEAD'])
  step(slug, 'tar', ['-xf', 'tracked.tar'])
  const ignored = ignoredPaths(readFileSync(join(slug, '.slugignore'), 'utf8'))
  for (const path of [...ignored, 'tracked.tar']) rmSync(join(slug, path), { recursive: true, force: true })
  step(slug, 'npm', ['ci', '--no-audit', '--no-fund'])
  step(slug, 'npm', ['run', 'heroku-postbuild'])
  step(slug, 'npm', ['prune', '--omit=dev', '--no-audit', '--no-fund'])
}

function measure(slug: string) {
  step(slug, 'tar', ['-czf', `${slug}.tgz`, '.'])
  const packedBytes = statSync(`${slug}.tgz`).size
  rmSync(`${slug}.tgz`)
  return {
    slugBytes: packedBytes,
    unpackedBytes: folderBytes(slug),
    nodeModulesBytes: folderBytes(join(slug, 'node_modules')),
    distBytes: folderBytes(join(slug, 'dist')),
  }
}

async function runWeb(slug: string): Promise<{ healthAfterMs: number; exitCode: number | null }> {
  const command = procfileCommand(readFileSync(join(slug, 'Procfile'), 'utf8'), 'web')
  if (command === undefined) throw new Error('the Procfile has no web process')
  const port = await freePort()
  const env = { PORT: String(port), DYNO: 'web.1', DATABASE_URL: NO_DATABASE, LOG_LEVEL: 'warn' }
  const startedMs = Date.now()
  const web = spawn('sh', ['-c', `exec ${command}`], {
    cwd: slug,
    env: { ...environment(), ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    await answersHealth(web, port)
    const healthAfterMs = Date.now() - startedMs
    web.kill('SIGTERM')
    return { healthAfterMs, exitCode: await exitCodeOf(web) }
  } finally {
    web.kill('SIGKILL')
  }
}

async function answersHealth(web: ChildProcess, port: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < BOOT_LIMIT_MS; waitedMs += 10) {
    if (web.exitCode !== null) throw new Error(`the web process ended with ${web.exitCode}`)
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined)
    if (answer?.ok === true) return
    await sleep(10)
  }
  throw new Error('/health did not answer within 60 s')
}

function exitCodeOf(web: ChildProcess): Promise<number | null> {
  const late = AbortSignal.timeout(STOP_LIMIT_MS)
  return new Promise((resolve, reject) => {
    web.once('exit', (code) => resolve(code))
    late.addEventListener('abort', () => reject(new Error('the web process did not end on SIGTERM')))
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** This Node first, as the pinned one is on the platform; nothing of the surrounding npm run. */
function environment(): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env
  return { PATH: `${dirname(process.execPath)}:${PATH}`, HOME }
}

function step(cwd: string, command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, {
    cwd,
    env: environment(),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? 'a signal'}`)
}
