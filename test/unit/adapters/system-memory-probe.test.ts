/** The probe on this very process. The bounds are wide: they tell megabytes from kilobytes, not runs apart. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { SystemMemoryProbe, systemMemoryLimits } from '../../../src/adapters/system-memory-probe.ts'
import { processTreePids } from '../../../src/adapters/system-processes.ts'
import { dynoUsage } from '../../../src/memory/dyno-memory.ts'

const MB = 1024 * 1024
const hasProc = existsSync('/proc/self/status')

function probeOf(pids: () => readonly number[]): SystemMemoryProbe {
  return new SystemMemoryProbe({ pids, usageOf: dynoUsage })
}

describe('SystemMemoryProbe', () => {
  it('gives plausible figures of this process, a share no larger than its RSS', () => {
    const sample = probeOf(() => [process.pid]).sample()
    // Its heap is its own; of the pages of Node itself it bears a share that shrinks with each process beside it.
    expect(sample.usedBytes).toBeGreaterThan(sample.heapUsedBytes / 2)
    expect(sample.usedBytes).toBeLessThanOrEqual(process.memoryUsage.rss() + 5 * MB)
    expect(sample.heapUsedBytes).toBeGreaterThan(MB)
    expect(sample.heapTotalBytes).toBeGreaterThanOrEqual(sample.heapUsedBytes)
  })

  it.runIf(existsSync('/proc/self/smaps_rollup'))('measures shares where the kernel offers them', () => {
    expect(probeOf(() => [process.pid]).sample().measure).toBe('pss')
  })

  it('sees 50 MB that are touched, and their return on collecting garbage', () => {
    const probe = probeOf(() => [process.pid])
    expect(probe.collectGarbage()).toBe(true)
    const beforeBytes = probe.sample().usedBytes
    let block: Buffer | undefined = Buffer.alloc(50 * MB, 1)
    const heldBytes = probe.sample().usedBytes
    expect(block.length).toBe(50 * MB)
    block = undefined
    probe.collectGarbage()
    const afterBytes = probe.sample().usedBytes
    expect((heldBytes - beforeBytes) / MB).toBeGreaterThan(40)
    expect((heldBytes - beforeBytes) / MB).toBeLessThan(70)
    expect((heldBytes - afterBytes) / MB).toBeGreaterThan(40)
  })

  it('falls back to the RSS of this process when none of the processes can be read', () => {
    const sample = probeOf(() => []).sample()
    expect(sample.measure).toBe('rss')
    expect(sample.usedBytes).toBeGreaterThan(20 * MB)
  })

  it('does not stumble over a process that has ended', () => {
    const ofTwoBytes = probeOf(() => [process.pid, 2 ** 22 + 1]).sample().usedBytes
    const aloneBytes = probeOf(() => [process.pid]).sample().usedBytes
    expect(ofTwoBytes / aloneBytes).toBeGreaterThan(0.8)
    expect(ofTwoBytes / aloneBytes).toBeLessThan(1.2)
  })
})

describe.runIf(hasProc)('processTreePids', () => {
  it('finds this process, its descendants, and nothing else', async () => {
    const child = spawn('sh', ['-c', 'sleep 60 & echo ready; wait'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    try {
      await once(child.stdout, 'data')
      const childTree = processTreePids(child.pid ?? 0)
      expect(childTree).toHaveLength(2)
      expect(processTreePids(process.pid)).toEqual(expect.arrayContaining([process.pid, ...childTree]))
      expect(processTreePids(process.pid)).not.toContain(process.ppid)
    } finally {
      process.kill(-(child.pid ?? 0), 'SIGKILL')
      await once(child, 'exit')
    }
  })

  it('is empty for a process that is not there', () => {
    expect(processTreePids(2 ** 22 + 1)).toEqual([])
  })
})

describe('systemMemoryLimits', () => {
  it("knows the machine's memory", () => {
    expect(systemMemoryLimits().totalMemBytes).toBeGreaterThan(100 * MB)
  })
})
