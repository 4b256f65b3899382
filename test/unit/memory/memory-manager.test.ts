/** The manager against a scripted memory: what it asks for, in which order, and what it does when things fail. */

import { describe, expect, it } from 'vitest'
import { MemoryManager } from '../../../src/memory/memory-manager.ts'
import type { RecycleAnswer } from '../../../src/memory/memory-manager.ts'
import type { MemoryLevel } from '../../../src/memory/memory-policy.ts'
import { memorySettings } from '../../../src/memory/memory-settings.ts'
import type { MemoryProbe, MemorySample } from '../../../src/ports/memory-probe.ts'
import type { Reclaimer } from '../../../src/ports/reclaimer.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const SAMPLE_MS = 1000

/** A quota of 100 bytes; what is dropped counts as used until garbage is collected. */
class ScriptedMemory implements MemoryProbe {
  liveBytes: number
  garbageBytes = 0
  isReadable = true
  canCollect = true
  readonly calls: string[] = []

  constructor(usedBytes: number) {
    this.liveBytes = usedBytes
  }

  sample(): MemorySample {
    if (!this.isReadable) throw new Error('no /proc')
    const usedBytes = this.liveBytes + this.garbageBytes
    return { usedBytes, measure: 'pss', heapUsedBytes: 1, heapTotalBytes: 2 }
  }

  collectGarbage(): boolean {
    this.calls.push('gc')
    if (this.canCollect) this.garbageBytes = 0
    return this.canCollect
  }

  /** A cache of this size, dropped once. */
  cache(name: string, cost: number, sizeBytes: number): Reclaimer {
    let heldBytes = sizeBytes
    return {
      name,
      cost,
      reclaim: () => {
        this.calls.push(name)
        this.liveBytes -= heldBytes
        this.garbageBytes += heldBytes
        heldBytes = 0
      },
    }
  }
}

interface Harness {
  readonly clock: ManualClock
  readonly logger: RecordingLogger
  readonly manager: MemoryManager
  readonly levels: MemoryLevel[]
  readonly recycles: number[]
}

function harness(
  memory: ScriptedMemory,
  reclaimers: readonly Reclaimer[] = [],
  options: { answers?: (RecycleAnswer | Error | 'none')[]; isEnabled?: boolean } = {},
): Harness {
  const clock = new ManualClock()
  const logger = new RecordingLogger()
  const levels: MemoryLevel[] = []
  const recycles: number[] = []
  const answers = options.answers ?? []
  const manager = new MemoryManager({
    clock,
    logger,
    probe: memory,
    reclaimers,
    requestRecycle: async () => {
      recycles.push(clock.monotonicMs())
      const answer = answers.shift() ?? { status: 'accepted' }
      if (answer instanceof Error) throw answer
      if (answer === 'none') return new Promise(() => undefined)
      return answer
    },
    onLevel: (level) => levels.push(level),
    settings: memorySettings({
      isEnabled: options.isEnabled ?? true,
      quotaBytes: 100,
      cleanupPercent: 70,
      emergencyPercent: 85,
      sampleIntervalMs: SAMPLE_MS,
    }),
  })
  return { clock, logger, manager, levels, recycles }
}

function eventsOf(logger: RecordingLogger, event: string): readonly object[] {
  return logger.lines.filter((line) => line.event === event).map(({ fields }) => fields)
}

describe('a cleanup', () => {
  it('asks the cheapest first, and collects garbage once at its end', async () => {
    const memory = new ScriptedMemory(75)
    const reclaimers = [
      memory.cache('dear', 90, 4),
      memory.cache('cheap', 1, 4),
      memory.cache('middle', 20, 8),
    ]
    const { clock, manager } = harness(memory, reclaimers)
    manager.start()
    await clock.advance(0)
    expect(memory.calls).toEqual(['cheap', 'middle', 'dear', 'gc'])
    expect(manager.report().lastCleanup).toMatchObject({
      level: 'cleanup',
      beforeBytes: 75,
      afterBytes: 59,
      freedBytes: 16,
      steps: [
        { name: 'cheap', outcome: 'done', freedBytes: 0 },
        { name: 'middle', outcome: 'done', freedBytes: 0 },
        { name: 'dear', outcome: 'done', freedBytes: 0 },
        { name: 'garbage', outcome: 'done', freedBytes: 16 },
      ],
    })
  })

  it('stops as soon as memory is low enough: nothing dear is given up, no garbage collected for nothing', async () => {
    const memory = new ScriptedMemory(75)
    const child: Reclaimer = {
      name: 'child',
      cost: 1,
      reclaim: () => {
        memory.liveBytes -= 20
      },
    }
    const { clock, manager } = harness(memory, [child, memory.cache('dear', 90, 30)])
    manager.start()
    await clock.advance(0)
    expect(memory.calls).toEqual([])
    expect(manager.report()).toMatchObject({ level: 'normal', percent: 55, cleanups: 1 })
  })

  it('collects garbage once a cool-down, and never below the threshold', async () => {
    const memory = new ScriptedMemory(69)
    const { clock, manager } = harness(memory, [memory.cache('a', 1, 1), memory.cache('b', 2, 1)])
    manager.start()
    await clock.advance(10 * 60_000)
    expect(memory.calls).toEqual([])
    memory.liveBytes = 80
    await clock.advance(59_000)
    expect(memory.calls).toEqual(['a', 'b', 'gc'])
    await clock.advance(60_000)
    expect(memory.calls.filter((call) => call === 'gc')).toHaveLength(2)
  })

  it('tells the log what each step gave back', async () => {
    const memory = new ScriptedMemory(75)
    const { clock, logger, manager } = harness(memory, [memory.cache('cheap', 1, 9)])
    manager.start()
    await clock.advance(0)
    expect(eventsOf(logger, 'memory.cleanup-step')).toEqual([
      { name: 'cheap', outcome: 'done', freedBytes: 0 },
      { name: 'garbage', outcome: 'done', freedBytes: 9 },
    ])
    expect(
      logger.lines.filter(({ event }) => event === 'memory.cleanup-step').map(({ level }) => level),
    ).toEqual(['info', 'info'])
  })

  it('in an emergency asks everybody', async () => {
    const memory = new ScriptedMemory(90)
    const { clock, manager } = harness(memory, [memory.cache('dear', 90, 10), memory.cache('cheap', 1, 40)])
    manager.start()
    await clock.advance(0)
    expect(memory.calls).toEqual(['cheap', 'dear', 'gc'])
    expect(manager.report()).toMatchObject({ level: 'normal', percent: 40 })
  })

  it('does not run beside another, and turns into an emergency when it becomes one', async () => {
    const memory = new ScriptedMemory(75)
    const work = Promise.withResolvers<void>()
    const slow: Reclaimer = {
      name: 'slow',
      cost: 1,
      reclaim: () => (memory.calls.push('slow'), work.promise),
    }
    const { clock, manager } = harness(memory, [
      slow,
      memory.cache('cheap', 2, 1),
      memory.cache('dear', 90, 1),
    ])
    manager.start()
    await clock.advance(SAMPLE_MS - 1)
    memory.liveBytes = 88
    await clock.advance(1)
    expect(manager.report()).toMatchObject({ level: 'emergency', isHeavyWorkAllowed: false, cleanups: 0 })
    work.resolve()
    await clock.advance(0)
    expect(memory.calls).toEqual(['slow', 'cheap', 'dear', 'gc'])
    expect(manager.report()).toMatchObject({ cleanups: 1, lastCleanup: { level: 'emergency' } })
  })

  it('goes on without garbage collection where that is impossible', async () => {
    const memory = new ScriptedMemory(75)
    memory.canCollect = false
    const { clock, manager } = harness(memory, [memory.cache('cheap', 1, 9)])
    manager.start()
    await clock.advance(0)
    expect(manager.report().lastCleanup?.steps.at(-1)).toMatchObject({
      name: 'garbage',
      outcome: 'unavailable',
    })
    expect(memory.calls).toContain('cheap')
  })

  it('that gives nothing back twice is logged as ineffective once, and is repeated more rarely', async () => {
    const { clock, logger, manager, recycles } = harness(new ScriptedMemory(75))
    manager.start()
    await clock.advance(30 * 60_000)
    expect(eventsOf(logger, 'memory.cleanup-ineffective')).toHaveLength(1)
    expect(manager.report().cleanups).toBe(4)
    expect(recycles).toEqual([])
    await manager.stop()
  })
})

describe('a reclaimer that fails', () => {
  const failures: readonly (readonly [string, string, () => Promise<void> | void])[] = [
    [
      'throws',
      'failed',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', 'failed', () => Promise.reject(new Error('broken'))],
    ['hangs', 'timed-out', () => new Promise<void>(() => undefined)],
  ]
  const positions = [0, 1, 2]
  const cases = failures.flatMap(([verb, outcome, fail]) =>
    positions.map((at) => ({ verb, outcome, fail, at })),
  )

  it.each(cases)('($verb, place $at) is recorded and passed over', async ({ outcome, fail, at }) => {
    const memory = new ScriptedMemory(90)
    const good = [memory.cache('a', 1, 2), memory.cache('b', 2, 2)]
    const bad: Reclaimer = { name: 'bad', cost: at, reclaim: fail }
    const { clock, manager, recycles } = harness(memory, good.toSpliced(at, 0, bad))
    manager.start()
    expect(manager.isHeavyWorkAllowed()).toBe(false)
    await clock.advance(2000)
    const steps = manager.report().lastCleanup?.steps ?? []
    expect(steps.find(({ name }) => name === 'bad')).toMatchObject({ outcome })
    expect(steps.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'bad', 'garbage'])
    await clock.advance(28_000)
    expect(recycles).toHaveLength(1)
    await manager.stop()
    expect(clock.pendingLabels()).toEqual([])
  })

  it('is not called again before its last call has come back', async () => {
    const memory = new ScriptedMemory(84)
    let calls = 0
    const hanging: Reclaimer = {
      name: 'hanging',
      cost: 1,
      reclaim: () => (calls++, new Promise(() => undefined)),
    }
    const { clock, manager } = harness(memory, [hanging])
    manager.start()
    await clock.advance(61_000)
    expect(manager.report()).toMatchObject({ cleanups: 2, lastCleanup: { steps: [{ outcome: 'busy' }, {}] } })
    expect(calls).toBe(1)
    await manager.stop()
  })
})

describe('a recycle', () => {
  it('is asked for when an emergency lasts although cleaning helps each time', async () => {
    const memory = new ScriptedMemory(86)
    const helpful: Reclaimer = { name: 'helpful', cost: 1, reclaim: () => void (memory.liveBytes = 81) }
    const { clock, manager, recycles } = harness(memory, [helpful])
    manager.start()
    for (let second = 0; second < 30; second++) {
      memory.liveBytes = 86
      await clock.advance(SAMPLE_MS)
    }
    expect(recycles).toEqual([30_000])
    expect(manager.report().lastRecycle).toMatchObject({ reason: 'still-high' })
  })

  it('is asked for after one cool-down when cleaning proves ineffective', async () => {
    const { clock, manager, recycles } = harness(new ScriptedMemory(90))
    manager.start()
    await clock.advance(12_000)
    expect(recycles).toEqual([10_000])
    expect(manager.report().lastRecycle).toMatchObject({ reason: 'ineffective', answer: 'accepted' })
  })

  it('is asked for at once when an emergency cleanup leaves the dyno above its quota', async () => {
    const { clock, manager, recycles } = harness(new ScriptedMemory(130))
    manager.start()
    await clock.advance(0)
    expect(recycles).toEqual([0])
  })

  it('that was refused is asked for again when its time has passed', async () => {
    const { clock, logger, manager, recycles } = harness(new ScriptedMemory(130), [], {
      answers: [
        { status: 'refused', retryAfterMs: 7000 },
        new Error('no supervisor'),
        { status: 'accepted' },
      ],
    })
    manager.start()
    await clock.advance(60_000)
    expect(recycles).toEqual([0, 7000, 37_000])
    expect(eventsOf(logger, 'memory.recycle-failed')).toHaveLength(1)
    expect(manager.report().lastRecycle?.answer).toBe('accepted')
  })

  it('without an answer does not keep the manager from stopping', async () => {
    const { clock, manager } = harness(new ScriptedMemory(130), [], { answers: ['none'] })
    manager.start()
    await clock.advance(0)
    expect(manager.report().lastRecycle?.answer).toBe('pending')
    await manager.stop()
    expect(clock.pendingLabels()).toEqual([])
  })
})

describe('measuring that fails', () => {
  it('is logged once, keeps the level, ends nothing, and recovers', async () => {
    const memory = new ScriptedMemory(75)
    const { clock, logger, manager } = harness(memory)
    manager.start()
    memory.isReadable = false
    await clock.advance(5 * SAMPLE_MS)
    expect(eventsOf(logger, 'memory.measuring-failed')).toHaveLength(1)
    expect(manager.report()).toMatchObject({ level: 'cleanup', isMeasuring: false, percent: 75 })
    memory.isReadable = true
    memory.liveBytes = 50
    await clock.advance(SAMPLE_MS)
    expect(manager.report()).toMatchObject({ level: 'normal', isMeasuring: true, percent: 50 })
    expect(eventsOf(logger, 'memory.measuring-again')).toHaveLength(1)
  })

  it('from the start leaves the report without a figure', () => {
    const memory = new ScriptedMemory(10)
    memory.isReadable = false
    const { manager } = harness(memory)
    manager.start()
    expect(manager.report()).toMatchObject({ sample: undefined, percent: undefined, level: 'normal' })
  })
})

describe('without optimization', () => {
  it('only measures and alerts', async () => {
    const memory = new ScriptedMemory(150)
    const { clock, manager, levels, recycles } = harness(memory, [memory.cache('cache', 1, 50)], {
      isEnabled: false,
    })
    manager.start()
    await clock.advance(120_000)
    expect(memory.calls).toEqual([])
    expect([levels, recycles]).toEqual([[], []])
    expect(manager.report()).toMatchObject({ level: 'emergency', isHeavyWorkAllowed: true, cleanups: 0 })
    expect(manager.report().alerts).toHaveLength(1)
  })
})

describe('stopping', () => {
  it('leaves no timer, may be done twice, and ends a cleanup after the reclaimer under way', async () => {
    const memory = new ScriptedMemory(90)
    const hanging: Reclaimer = { name: 'hanging', cost: 0, reclaim: () => new Promise(() => undefined) }
    const { clock, manager } = harness(memory, [hanging, memory.cache('after', 1, 1)])
    manager.start()
    await clock.advance(100)
    let isStopped = false
    const stopping = manager.stop().then(() => (isStopped = true))
    await clock.advance(1899)
    expect(isStopped).toBe(false)
    await clock.advance(1)
    await stopping
    await manager.stop()
    expect(clock.pendingLabels()).toEqual([])
    expect(memory.calls).not.toContain('after')
    await clock.advance(60_000)
    expect(manager.report().cleanups).toBe(1)
  })
})
