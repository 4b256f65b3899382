/**
 * Runs each negative control at the real level under a scenario that its flaw breaks, and exits with 0 when the lab
 * has found each one out by the claim that it is there to break. A lab that takes them for sound proves nothing. Beside
 * each other, each in a lab of its own: what they break is no matter of fractions of a second, and they mostly wait.
 */

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Control {
  readonly target: string
  readonly scenario: string
  /** Of these claims at least one breaks, with such a message. */
  readonly claims: readonly string[]
  readonly message: RegExp
}

const CONTROLS: readonly Control[] = [
  {
    target: 'before',
    scenario: 'dyno-restart/daily-cycle',
    claims: ['session-integrity'],
    message: /a QR is shown although a session exists/,
  },
  {
    // That it loses its Signal keys shows only when somebody writes at the wrong moment; this shows always.
    target: 'gateway-naive',
    scenario: 'disconnect-storm/send-while-cut',
    claims: ['backoff-law'],
    message: /too early, after 1 failures in a row/,
  },
  {
    target: 'reset-on-open',
    scenario: 'disconnect-storm/accept-then-close',
    claims: ['backoff-law'],
    // Its second of waiting is long enough for the first.
    message: /too early, after ([2-9]|\d\d+) failures in a row/,
  },
]

const BROKEN = 1

interface Violation {
  readonly claim: string
  readonly message: string
}

const folder = mkdtempSync(join(tmpdir(), 'controls-'))
try {
  const found = await Promise.all(CONTROLS.map((control, index) => isFoundOut(control, `${index}.json`)))
  if (found.includes(false)) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function isFoundOut({ target, scenario, claims, message }: Control, name: string): Promise<boolean> {
  const file = join(folder, name)
  const words = ['run', scenario, '--level', 'real', '--target', target, '--json', file]
  const { status, output } = await ended(['sim/main.ts', ...words])
  const violations = status === BROKEN && existsSync(file) ? violationsIn(file) : []
  const found = violations.find((each) => claims.includes(each.claim) && message.test(each.message))
  const others = violations.map((each) => each.claim).join(', ') || 'nothing'
  const how =
    found === undefined
      ? `not found out: the lab exits with ${status}, and ${others} broke`
      : `${found.claim}: ${found.message}`
  process.stdout.write(`${found === undefined ? '✗' : '✓'} ${target} under ${scenario}: ${how}\n`)
  if (found === undefined) process.stdout.write(output)
  return found !== undefined
}

interface Ended {
  readonly status: number | null
  /** All that it said. */
  readonly output: string
}

function ended(words: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, output }))
  })
}

function violationsIn(file: string): readonly Violation[] {
  const { runs } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly runs: readonly { readonly violations: readonly Violation[] }[]
  }
  return runs.flatMap(({ violations }) => violations)
}
