/** The demonstration, as somebody runs it who has just cloned the project. */

import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FOLDER_PREFIX } from '../../sim/postgres/leftovers.ts'

const DEMO = join(import.meta.dirname, '../../sim/demo/main.ts')

interface DemoRun {
  readonly exitCode: number | null
  readonly output: string
  readonly leftFolders: readonly string[]
}

/** @param interruptAt a SIGINT is sent when this has been written */
function runDemo(interruptAt?: string): Promise<DemoRun> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [DEMO, '--once'], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let isInterrupted = false
    const hear = (text: string): void => {
      output += text
      if (interruptAt === undefined || isInterrupted || !output.includes(interruptAt)) return
      isInterrupted = true
      child.kill('SIGINT')
    }
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear)
    child.on('close', (exitCode) => {
      const own = `${FOLDER_PREFIX}${child.pid}-`
      const leftFolders = readdirSync(tmpdir()).filter((name) => name.startsWith(own))
      resolve({ exitCode, output, leftFolders })
    })
  })
}

function processesIn(output: string): number[] {
  return [...output.matchAll(/process (\d+)|\((\d+)\) is open/g)].map((match) => Number(match[1] ?? match[2]))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('npm run demo -- --once', () => {
  it('links by QR, talks, restarts without a QR, and leaves nothing behind', async () => {
    const { exitCode, output, leftFolders } = await runDemo()
    // Nobody looks at a picture in a pipe, and escape codes spoil a log.
    expect(output).toMatch(/shows a QR code:\n {4}\(\d+ characters/)
    expect(output).not.toContain('\u001B')
    expect(output).toMatch(
      /no QR code was needed[\s\S]*pong anybody[\s\S]*0 that could not be, 0 keys used twice/,
    )
    expect(exitCode).toBe(0)
    expect(leftFolders).toEqual([])
    expect(processesIn(output).filter(isAlive)).toEqual([])
  })

  it('puts everything away on Ctrl-C', async () => {
    const { exitCode, output, leftFolders } = await runDemo('scans it')
    expect(exitCode).toBe(130)
    expect(leftFolders).toEqual([])
    expect(processesIn(output)).toHaveLength(1)
    expect(processesIn(output).filter(isAlive)).toEqual([])
  })
})
