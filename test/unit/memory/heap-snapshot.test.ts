import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeapSnapshots, decideSnapshot } from '../../../src/memory/heap-snapshot.ts'
import type { HeapFile } from '../../../src/ports/heap-writer.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const MB = 1_048_576
const QUOTA_BYTES = 512 * MB

function setup(
  options: { usedMb?: number; heapMb?: number; isTakenAtEmergency?: boolean; write?: () => HeapFile } = {},
) {
  const clock = new ManualClock()
  const logger = new RecordingLogger()
  let writes = 0
  const snapshots = new HeapSnapshots({
    clock,
    logger,
    probe: {
      sample: () => ({
        usedBytes: (options.usedMb ?? 150) * MB,
        measure: 'pss',
        heapUsedBytes: (options.heapMb ?? 20) * MB,
        heapTotalBytes: 30 * MB,
      }),
      collectGarbage: () => true,
    },
    writer: {
      write: () => {
        writes += 1
        return options.write?.() ?? { path: '/tmp/a.heapsnapshot', bytes: 7 }
      },
    },
    settings: { quotaBytes: QUOTA_BYTES, isTakenAtEmergency: options.isTakenAtEmergency ?? true },
  })
  return { clock, logger, snapshots, writes: () => writes }
}

describe('decideSnapshot', () => {
  it('allows one only where the dyno stays within its quota even for the dearest heap', () => {
    const megabytes = fc.integer({ min: 0, max: 600 * MB })
    fc.assert(
      fc.property(megabytes, megabytes, (usedBytes, heapUsedBytes) => {
        const { status } = decideSnapshot({ usedBytes, heapUsedBytes, quotaBytes: QUOTA_BYTES })
        expect(status === 'refused' || usedBytes + 15 * heapUsedBytes <= QUOTA_BYTES).toBe(true)
      }),
    )
  })

  it.each([
    [150, 24, 'fits'],
    [150, 25, 'refused'],
    [435, 5, 'fits'],
    [435, 6, 'refused'],
  ] as const)('says of %s MB used with a heap of %s MB: %s', (usedMb, heapMb, status) => {
    const memory = { usedBytes: usedMb * MB, heapUsedBytes: heapMb * MB, quotaBytes: QUOTA_BYTES }
    expect(decideSnapshot(memory).status).toBe(status)
  })

  it('refuses a heap that would hold the process up for long, however much memory there is', () => {
    const memory = { usedBytes: 1, heapUsedBytes: 65 * MB, quotaBytes: 1e15 }
    expect(decideSnapshot(memory)).toMatchObject({ reason: expect.stringMatching(/stand still/) })
  })
})

describe('HeapSnapshots', () => {
  it('says where the file is, how large and how long it took', () => {
    const world = setup()
    expect(world.snapshots.take()).toEqual({
      status: 'taken',
      path: '/tmp/a.heapsnapshot',
      bytes: 7,
      durationMs: 0,
    })
    expect(world.logger.lines.at(-1)).toMatchObject({ event: 'memory.snapshot' })
  })

  it('writes nothing when it does not fit, and says why', () => {
    const world = setup({ heapMb: 40 })
    expect(world.snapshots.take()).toMatchObject({
      status: 'refused',
      reason: 'the dyno would reach 750 MB of 512 MB: it uses 150 MB now, and the heap is 40 MB',
    })
    expect(world.writes()).toBe(0)
  })

  it('refuses, and does not throw, when writing fails', () => {
    const world = setup({
      write: () => {
        throw new Error('no space left')
      },
    })
    expect(world.snapshots.take()).toEqual({ status: 'refused', reason: 'it failed: no space left' })
  })

  it('takes one at an emergency when that is enabled, and at most one an hour', async () => {
    const world = setup()
    world.snapshots.emergencyBegan()
    world.snapshots.emergencyBegan()
    expect(world.writes()).toBe(1)
    await world.clock.advance(3_600_000)
    world.snapshots.emergencyBegan()
    expect(world.writes()).toBe(2)
  })

  it('takes none at an emergency unless it is enabled', () => {
    const world = setup({ isTakenAtEmergency: false })
    world.snapshots.emergencyBegan()
    expect(world.writes()).toBe(0)
  })
})
