import { describe, expect, it } from 'vitest'
import { WorkerPool } from '../../../sim/cli/worker-pool.ts'
import type { RunJob } from '../../../sim/cli/worker-protocol.ts'
import { scenarioNamed } from './support/stand-in-lab.ts'

function job(name: string): RunJob {
  const request = { scenario: scenarioNamed(name), level: 'model', seed: 1, target: 'bot' } as const
  return { request, keepLines: 0, sendsLinesAlways: false }
}

describe('a worker in an endless loop', () => {
  it('is killed after its silence, fails its own run alone, and is replaced', async () => {
    const workerUrl = new URL('support/stand-in-worker.ts', import.meta.url)
    const pool = new WorkerPool({ workerUrl, size: 1, createDatabase: undefined, maxSilenceMs: 500 })
    const results = await pool.run([job('spins'), job('sound')])
    await pool.stop(false)
    expect(results.map(({ verdict }) => verdict)).toEqual(['error', 'holds'])
    expect(results[0]?.violations).toEqual([
      {
        claim: 'lab',
        atMs: expect.any(Number),
        message: 'the worker process was silent for 0.5 s, as in an endless loop, and was killed',
      },
    ])
  })
})
