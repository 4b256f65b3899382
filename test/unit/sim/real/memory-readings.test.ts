import { describe, expect, it } from 'vitest'
import { MemoryReadings } from '../../../../sim/real/memory-readings.ts'
import type { TraceData } from '../../../../sim/world/trace.ts'

function readingsOf(pidsByBoot: ReadonlyMap<number, readonly number[]>): TraceData[] {
  const told: TraceData[] = []
  const readings = new MemoryReadings({
    processes: { boots: [...pidsByBoot.keys()], pidsOf: (boot) => [...(pidsByBoot.get(boot) ?? [])] },
    everyMs: 60_000,
    record: (_source, _kind, data) => told.push(data),
  })
  readings.read()
  readings.stop()
  return told
}

describe('a reading', () => {
  it('is made of each dyno that has a process, by what its processes hold', () => {
    const told = readingsOf(
      new Map([
        [1, []],
        [2, [process.pid]],
      ]),
    )
    expect(told).toEqual([{ dynoId: 'web.1#2', usedBytes: expect.any(Number) as number }])
    expect(Number(told[0]?.['usedBytes'])).toBeGreaterThan(10_000_000)
  })
})
