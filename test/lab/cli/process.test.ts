/** The command line as a real process, with the real world. */

import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { LAB_MAIN, labProcess } from './support/lab-process.ts'
import { isAlive, readJson, temporaryFolder } from './support/stand-in-lab.ts'

/** Two bots boot, after the bot was perhaps built, on a machine that may be busy. */
const PATIENCE = { timeout: 60_000, interval: 100 }

/** Of compiled code, which Node and node-pg-migrate's loader keep for the next process. */
const CACHES = new Set(['node-compile-cache', 'jiti'])

const reportSchema = z.object({ runs: z.array(z.record(z.string(), z.unknown())) })

/** The process and all that descend from it. */
function familyOf(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  const parents = rows.map((row) => row.trim().split(/\s+/).map(Number))
  const family = [pid]
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member && child !== undefined) family.push(child)
  }
  return family
}

function botsOf(pid: number): number[] {
  return familyOf(pid).filter((member) => commandLine(member).includes('bot-main'))
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function postgresFolders(pid: number): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`blacksky-pg-${pid}-`))
}

describe('npm run lab', () => {
  it('runs a real scenario and writes what --json promises', async () => {
    const directory = temporaryFolder()
    const { exitCode, out } = await labProcess(
      'run dyno-restart/daily-cycle --level model --json r.json',
      directory,
    )
    const { runs } = reportSchema.parse(readJson(join(directory, 'r.json')))
    expect(runs).toHaveLength(1)
    const fields = 'scenario family level target seed verdict traceHash violations virtualMs wallMs postgres'
    expect(Object.keys(runs[0] ?? {})).toEqual(fields.split(' '))
    expect(runs[0]).toMatchObject({
      virtualMs: 3_600_000,
      traceHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(exitCode).toBe(runs[0]?.['verdict'] === 'holds' ? 0 : 1)
    expect(out).not.toContain('\u001B')
  })

  it('leaves nothing behind on Ctrl-C, pressed twice', async () => {
    const words = [
      'run',
      'multi-day/seven-days',
      '--seeds',
      '2',
      '--level',
      'virtual',
      '--postgres',
      'embedded',
    ]
    const child = spawn(process.execPath, [LAB_MAIN, ...words], { cwd: temporaryFolder() })
    const ended = new Promise<number | null>((resolve) => {
      child.on('close', (code) => resolve(code))
    })
    // The heading comes when Postgres is up; the workers are started right after it.
    await new Promise((resolve) => {
      child.stdout.once('data', resolve)
    })
    const pid = child.pid ?? 0
    let family = familyOf(pid)
    for (let look = 0; look < 500 && family.length < 8; look += 1) family = familyOf(pid)
    expect(family.length).toBeGreaterThan(4)
    child.kill('SIGINT')
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(family.filter(isAlive)).toEqual([])
    expect(postgresFolders(pid)).toEqual([])
  })

  it(
    'gives two real runs beside each other a Node each, and leaves nothing of them either',
    { timeout: 120_000 },
    async () => {
      const words = 'run disconnect-storm/logged-out-401 512mb-quota/cleanup-ineffective'
      const options = '--level real --jobs 2 --postgres embedded'
      const temporary = temporaryFolder()
      // As /tmp is: the server runs as another user where this one is root.
      chmodSync(temporary, 0o755)
      const child = spawn(process.execPath, [LAB_MAIN, ...`${words} ${options}`.split(' ')], {
        cwd: temporaryFolder(),
        env: { ...process.env, TMPDIR: temporary },
      })
      const ended = new Promise<number | null>((resolve) => {
        child.on('close', (code) => resolve(code))
      })
      const pid = child.pid ?? 0
      await expect.poll(() => botsOf(pid), PATIENCE).toHaveLength(2)
      const family = familyOf(pid)
      const programs = botsOf(pid).map((bot) => readlinkSync(`/proc/${bot}/exe`))
      child.kill('SIGINT')
      child.kill('SIGINT')
      // Each by a Node of its own: the kernel would share out the memory of one between both.
      expect(new Set([...programs, process.execPath]).size).toBe(3)
      expect(await ended).toBe(130)
      // The guards of the dynos have done their work by now; the machine takes a moment to bury them.
      await expect.poll(() => family.filter(isAlive), PATIENCE).toEqual([])
      await expect
        .poll(() => readdirSync(temporary).filter((name) => !CACHES.has(name)), PATIENCE)
        .toEqual([])
    },
  )
})
