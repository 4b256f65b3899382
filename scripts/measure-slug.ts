/**
 * Builds what Heroku would run, in a folder of its own and by the same steps (tracked files less .slugignore,
 * npm ci, heroku-postbuild, prune), measures it, and shows that it runs without the development dependencies:
 * the Procfile's web process must answer /health, without a database, and end on SIGTERM. What its processes hold
 * then is the least that the bot ever needs: all code loaded, nothing connected. JSON on stdout.
 * Needs the npm registry.
 */

import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../sim/free-port.ts'
import { readProcFiles } from '../src/adapters/system-memory-probe.ts'
import { processTreePids } from '../src/adapters/system-processes.ts'
import { dynoUsage } from '../src/memory/dyno-memory.ts'
import type { DynoUsage } from '../src/memory/dyno-memory.ts'
import { folderBytes, ignoredPaths, procfileCommand } from './slug-size.ts'

const BOOT_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 30_000
/** By then the bot process has loaded all its code and waits for the database. */
const SETTLED_MS = 10_000
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

interface WebRun {
  readonly healthAfterMs: number
  readonly exitCode: number | null
  /** Of all its processes, by the bot's own measure. */
  readonly dyno: DynoUsage | undefined
  readonly supervisor: DynoUsage | undefined
  /** What would be free without it. */
  readonly supervisorPrivateBytes: number
}

async function runWeb(slug: string): Promise<WebRun> {
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
    await sleep(SETTLED_MS)
    const pids = processTreePids(web.pid ?? 0)
    const dyno = dynoUsage(pids.map(readProcFiles))
    const supervisor = dynoUsage(pids.slice(0, 1).map(readProcFiles))
    const supervisorPrivateBytes = privateBytes(pids[0] ?? 0)
    web.kill('SIGTERM')
    return { healthAfterMs, exitCode: await exitCodeOf(web), dyno, supervisor, supervisorPrivateBytes }
  } finally {
    web.kill('SIGKILL')
  }
}

function privateBytes(pid: number): number {
  const lines = (readProcFiles(pid).smapsRollup ?? '').matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)
  return [...lines].reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0)
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

/** This Node first, as the pinned one is on the platform; a surrounding NODE_ENV would change what npm installs. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_ENV: _mode, PATH = '', ...rest } = process.env
  return { ...rest, PATH: `${dirname(process.execPath)}:${PATH}` }
}

function step(cwd: string, command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, {
    cwd,
    env: environment(),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? 'a signal'}`)
}
