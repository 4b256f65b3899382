import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultEndMs, faultSchema } from '../../../../sim/faults/fault.ts'
import type { FaultInput } from '../../../../sim/faults/fault.ts'
import { MINUTE_MS, SECOND_MS } from '../dyno/dyno-lab.ts'
import { faultLab } from './fault-lab.ts'
import { anyFault } from './any-fault.ts'

const AT_MS = 2 * MINUTE_MS
const FOR_MS = 10 * SECOND_MS
const moment = { atMs: AT_MS }
const span = { atMs: AT_MS, forMs: FOR_MS }
const inside = AT_MS + 5 * SECOND_MS
const END_MS = 10 * MINUTE_MS

describe('a fault of the connection', () => {
  it.each<FaultInput>([
    { kind: 'disconnect', ...moment, statusCode: 428 },
    { kind: 'storm', ...moment, count: 3, everyMs: 1_000, statusCode: 503 },
    { kind: 'stall', ...span, how: 'silent' },
    { kind: 'unlink', ...moment },
  ])('of kind $kind strikes when there is a connection, and not without one', async (fault) => {
    const connected = faultLab([fault], { connections: 1 })
    await connected.runTo(END_MS)
    expect(connected.unstruck()).toEqual([])
    const alone = faultLab([fault])
    await alone.runTo(END_MS)
    expect(alone.unstruck()).toEqual([fault.kind])
  })

  it.each([
    [{ kind: 'refuse-logins', ...span, how: 'tcp' }, 'refuse-login'],
    [{ kind: 'stall', ...span, how: 'black-hole' }, 'stall'],
    [{ kind: 'restart-loop', ...span }, 'restart-loop'],
    [{ kind: 'duplicates', ...span, probability: 1 }, 'duplicate-delivery'],
    [{ kind: 'drop-acks', ...span, probability: 1 }, 'drop-ack'],
    [{ kind: 'phone-off', ...span }, 'phone-off'],
  ] as const)('of kind $0.kind strikes only while it lasts', async (fault, strike) => {
    const during = faultLab([fault])
    during.at(inside, () => during.whatsapp.strike(strike))
    await during.runTo(END_MS)
    expect(during.unstruck()).toEqual([])
    const outside = faultLab([fault])
    outside.at(AT_MS - 1, () => outside.whatsapp.strike(strike))
    outside.at(AT_MS + FOR_MS + 1, () => outside.whatsapp.strike(strike))
    await outside.runTo(END_MS)
    expect(outside.unstruck()).toEqual([fault.kind])
  })

  it('strikes with one cut of a storm, also the last', async () => {
    const lab = faultLab([{ kind: 'storm', ...moment, count: 5, everyMs: 1_000, statusCode: 503 }])
    lab.at(AT_MS + 3_500, () => {
      lab.connections = 1
    })
    await lab.runTo(END_MS)
    expect(lab.acts).toEqual(Array.from({ length: 5 }, () => 'disconnect 503'))
    expect(lab.unstruck()).toEqual([])
  })
})

describe('of several faults of one kind', () => {
  it('one that never struck is not hidden by a later one that did', async () => {
    const refusal = { kind: 'refuse-logins', how: 'tcp', forMs: FOR_MS } as const
    const lab = faultLab([
      { ...refusal, atMs: AT_MS },
      { ...refusal, atMs: 2 * AT_MS },
    ])
    lab.at(2 * AT_MS + 1, () => lab.whatsapp.strike('refuse-login'))
    await lab.runTo(END_MS)
    expect(lab.unstruck()).toEqual(['refuse-logins'])
  })

  it('a deaf one without a connection is not hidden by the next', async () => {
    const lab = faultLab([
      { kind: 'deaf', atMs: AT_MS },
      { kind: 'deaf', atMs: 2 * AT_MS },
    ])
    lab.at(2 * AT_MS + 1, () => lab.whatsapp.strike('deaf'))
    await lab.runTo(END_MS)
    expect(lab.unstruck()).toEqual(['deaf'])
  })

  it('the newest is in force, and the one before it again when that is lifted', async () => {
    const lab = faultLab([
      { kind: 'refuse-logins', atMs: AT_MS, forMs: 60 * SECOND_MS, how: 'tcp' },
      { kind: 'refuse-logins', atMs: AT_MS + 10 * SECOND_MS, forMs: 10 * SECOND_MS, how: 'hang' },
    ])
    const seen: unknown[] = []
    for (const seconds of [5, 15, 25, 65])
      lab.at(AT_MS + seconds * SECOND_MS, () => seen.push(lab.whatsapp.refusal))
    lab.at(AT_MS + 15 * SECOND_MS, () => lab.whatsapp.strike('refuse-login'))
    await lab.runTo(END_MS)
    expect(seen).toEqual(['tcp-refused', 'hang', 'tcp-refused', undefined])
    expect(lab.unstruck()).toEqual(['refuse-logins'])
  })

  it('the newest stays in force when an older one is lifted', async () => {
    const lab = faultLab([
      { kind: 'stall', atMs: AT_MS, forMs: 10 * SECOND_MS, how: 'silent' },
      { kind: 'stall', atMs: AT_MS + 5 * SECOND_MS, forMs: 20 * SECOND_MS, how: 'black-hole' },
    ])
    const seen: unknown[] = []
    lab.at(AT_MS + 15 * SECOND_MS, () => seen.push(lab.whatsapp.stallKind, ...lab.acts))
    await lab.runTo(END_MS)
    expect(seen).toEqual(['black-hole'])
    expect(lab.acts).toEqual(['release'])
  })
})

describe('a fault of the dyno', () => {
  it.each<FaultInput>([
    { kind: 'dyno-restart', ...moment },
    { kind: 'deploy', ...moment },
    { kind: 'sigkill', ...moment },
    { kind: 'hang', ...span },
    { kind: 'starve', ...span, timerDelayMs: 100 },
    { kind: 'clock-step', ...moment, byMs: 5 },
    { kind: 'balloon', ...moment, shape: 'leak', memory: 'heap', toMb: 10, mbPerSecond: 1 },
  ])('of kind $kind strikes when there is a dyno, and not without one', async (fault) => {
    const lab = faultLab([fault], { hasDyno: true })
    await lab.runTo(END_MS)
    expect(lab.unstruck()).toEqual([])
    const empty = faultLab([fault])
    await empty.runTo(END_MS)
    expect(empty.unstruck()).toEqual([fault.kind])
  })

  it('is carried out by the dyno', async () => {
    const lab = faultLab(
      [
        { kind: 'hang', atMs: AT_MS, forMs: 1_000 },
        { kind: 'dyno-restart', atMs: 2 * AT_MS },
        { kind: 'sigkill', atMs: 3 * AT_MS },
      ],
      { hasDyno: true },
    )
    await lab.runTo(4 * AT_MS)
    // The sweep at a dyno's end is a SIGKILL to what is left, of what ends in order too.
    expect(lab.dynos.calls).toEqual([
      'web.1#1 hang',
      'web.1#1 resume',
      'web.1#1 SIGTERM',
      'web.1#1 SIGKILL',
      'web.1#2 SIGKILL',
    ])
  })
})

describe('a signal in the middle of a write', () => {
  const fault = { kind: 'signal-mid-write', ...moment, signal: 'SIGKILL', operation: 'commit' } as const

  it('comes within 8 ms of the next such write of the present dyno, once', async () => {
    const lab = faultLab([fault], { hasDyno: true })
    lab.at(AT_MS - 1, () => void lab.store.decide('commit', 'web.1#1'))
    lab.at(AT_MS + 100, () => void lab.store.decide('settleReply', 'web.1#1'))
    lab.at(AT_MS + 200, () => void lab.store.decide('commit', 'web.1#0'))
    lab.at(AT_MS + 300, () => void lab.store.decide('commit', 'web.1#1'))
    lab.at(AT_MS + 20_000, () => void lab.store.decide('commit', 'web.1#2'))
    await lab.runTo(END_MS)
    const kills = lab.dynos.of('dyno.sigkill').map(({ atMs }) => atMs)
    expect(kills).toHaveLength(1)
    expect(kills[0]).toBeGreaterThanOrEqual(AT_MS + 300)
    expect(kills[0]).toBeLessThanOrEqual(AT_MS + 308)
    expect(lab.unstruck()).toEqual([])
  })

  it('has not struck when no such write came', async () => {
    const lab = faultLab([fault], { hasDyno: true })
    await lab.runTo(END_MS)
    expect(lab.unstruck()).toEqual(['signal-mid-write'])
  })
})

describe('any faults', () => {
  it('begin within their jitter, are lifted after their time, and strike nothing where nothing is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyFault(), { maxLength: 7 }), fc.nat(1_000), async (inputs, seed) => {
        const lab = faultLab(inputs, { seed })
        const faults = inputs.map((input) => faultSchema.parse(input))
        const endMs = Math.max(0, ...faults.map(faultEndMs))
        await lab.runTo(endMs)
        expect(lab.unstruck()).toEqual(faults.map(({ kind }) => kind))
        for (const fault of faults) {
          const begins = lab.marks(fault.kind).filter(({ data }) => data['phase'] === 'begins')
          const own = begins.filter(
            ({ atMs }) => atMs >= fault.atMs && atMs <= fault.atMs + fault.jitterMs && atMs <= endMs,
          )
          expect(own.length).toBeGreaterThan(0)
          if (!('forMs' in fault) || fault.kind === 'hang' || fault.kind === 'starve') continue
          const lifted = lab.marks(fault.kind).filter(({ data }) => data['phase'] === 'lifted')
          expect(own.some(({ atMs }) => lifted.some((lift) => lift.atMs === atMs + fault.forMs))).toBe(true)
        }
        expect([lab.whatsapp.refusal, lab.whatsapp.stallKind, lab.whatsapp.isRestartLoop]).toEqual([
          undefined,
          undefined,
          false,
        ])
        expect(lab.store.decide('commit', 'web.1#1')).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })

  it('come at the same moments under the same seed, and at others under another', async () => {
    const fault: FaultInput = { kind: 'disconnect', atMs: AT_MS, jitterMs: MINUTE_MS, statusCode: 428 }
    const begin = async (seed: number): Promise<number | undefined> => {
      const lab = faultLab([fault], { seed })
      await lab.runTo(END_MS)
      return lab.marks('disconnect')[0]?.atMs
    }
    expect(await begin(1)).toBe(await begin(1))
    expect(await begin(1)).not.toBe(await begin(2))
  })
})
