/**
 * `npm run dev`: the dyno's own entry on this machine, with the real WhatsApp and a Postgres whose data stay in
 * .data/, so that a phone has to be linked once. QR codes appear in this terminal. Every setting of the bot can be
 * given in the environment; what is not given is chosen here. Surprising: SIGINT reaches the whole process group, so
 * Ctrl-C stops the bot, and this process only waits and puts the database away.
 */

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExitCode } from '../cli/exit-code.ts'
import { Lifetime } from '../cli/lifetime.ts'
import { realEngine } from '../cli/real-engine.ts'
import { withLifetime } from '../cli/run-lab.ts'
import { startPostgres } from '../postgres/provider.ts'
import { createTerminal } from '../report/terminal.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DEFAULT_PORT = '3000'
/** The dyno itself stops within 20 s. */
const KILL_AFTER_MS = 25_000

const lifetime = new Lifetime()

async function run(): Promise<ExitCode> {
  const databaseUrl = process.env['DATABASE_URL'] ?? (await ownDatabase())
  const port = process.env['PORT'] ?? DEFAULT_PORT
  const adminToken = process.env['ADMIN_TOKEN'] ?? randomBytes(18).toString('base64url')
  process.stderr.write(`pages: http://127.0.0.1:${port}/  token: ${adminToken}\n`)
  const child = spawn(process.execPath, [join(ROOT, 'src/main.ts')], {
    stdio: 'inherit',
    env: { ...process.env, DATABASE_URL: databaseUrl, PORT: port, ADMIN_TOKEN: adminToken },
  })
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      child.kill('SIGTERM')
      setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref()
    })
  }
  process.on('SIGINT', () => undefined)
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)))
}

async function ownDatabase(): Promise<string> {
  const folder = join(ROOT, '.data', 'postgres')
  const postgres = await startPostgres({
    kind: 'embedded',
    keptIn: folder,
    say: (line) => void process.stderr.write(`${line}, data in ${folder}\n`),
  })
  lifetime.own(() => postgres.stop())
  return postgres.url
}

const environment = {
  engine: realEngine,
  terminal: createTerminal(process.stdout, process.stderr, process.env),
  lifetime,
  directory: ROOT,
  databaseUrl: undefined,
  cores: availableParallelism(),
}
process.exit(await withLifetime(environment, run))
