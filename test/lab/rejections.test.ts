/** In a process of its own, for the test runner has ears for rejections too. */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('support/rejecting-runs.ts', import.meta.url))

interface Ended {
  readonly exitCode: number
  /** Of each run: its verdict, then its violations. */
  readonly runs: readonly (readonly string[])[]
}

function rejectingRuns(): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM], { encoding: 'utf8' }, (error, out) => {
      const lines = out.split('\n').filter((line) => line !== '')
      resolve({
        exitCode: typeof error?.code === 'number' ? error.code : 0,
        runs: lines.map((line) => JSON.parse(line) as string[]),
      })
    })
  })
}

describe('a rejection that nobody handles', () => {
  it('breaks its own run, however short, and neither the lab nor the next run', async () => {
    const { exitCode, runs } = await rejectingRuns()
    const rejected = 'sound-process: a bot process: unhandled rejection: nobody waits'
    expect(runs).toEqual([
      ['broken', rejected],
      ['holds'],
      ['broken', rejected],
      ['holds'],
      ['error', expect.stringMatching(/^lab: the database failed readKeys: /)],
      ['holds'],
    ])
    expect(exitCode).toBe(0)
  })
})
