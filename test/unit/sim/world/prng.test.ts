import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PrngStream, PrngStreams, SeededSecureRandom } from '../../../../sim/world/prng.ts'

function drawn(stream: PrngStream, count: number): number[] {
  return Array.from({ length: count }, () => stream.nextUint32())
}

describe('streams of chance', () => {
  it('are the same for the same seed and name, and others for any other', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, other) => {
        fc.pre(name !== other)
        const first = drawn(new PrngStreams('7').stream(name), 8)
        expect(drawn(new PrngStreams('7').stream(name), 8)).toEqual(first)
        expect(drawn(new PrngStreams('7').stream(other), 8)).not.toEqual(first)
        expect(drawn(new PrngStreams('8').stream(name), 8)).not.toEqual(first)
      }),
    )
  })

  it('are left undisturbed by what others draw', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 50 }), (order) => {
        const streams = new PrngStreams('1')
        const mixed = new Map<string, number[]>()
        for (const name of order)
          mixed.set(name, [...(mixed.get(name) ?? []), streams.stream(name).nextUint32()])
        for (const [name, values] of mixed)
          expect(drawn(new PrngStreams('1').stream(name), values.length)).toEqual(values)
      }),
    )
  })

  it('keep every draw within its bounds', () => {
    const bounds = fc.tuple(fc.integer({ min: -1_000, max: 1_000 }), fc.nat(1_000))
    fc.assert(
      fc.property(bounds, fc.string(), ([low, span], seed) => {
        const stream = new PrngStream(seed)
        for (let draw = 0; draw < 30; draw += 1) {
          const whole = stream.integer(low, low + span)
          expect(Number.isInteger(whole) && whole >= low && whole <= low + span).toBe(true)
          const real = stream.between(low, low + span + 1)
          expect(real >= low && real < low + span + 1).toBe(true)
          const share = stream.next()
          expect(share >= 0 && share < 1).toBe(true)
        }
        expect([stream.chance(0), stream.chance(1)]).toEqual([false, true])
      }),
    )
  })

  it('reach both ends of a range of whole numbers, all about as often', () => {
    const stream = new PrngStream('fair')
    const counts = [0, 0, 0, 0, 0]
    for (let draw = 0; draw < 50_000; draw += 1) {
      const face = stream.integer(0, 4)
      counts[face] = (counts[face] ?? 0) + 1
    }
    // Ten thousand each; six standard deviations are 537.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(537)
  })
})

describe('the stand-in for secure chance', () => {
  it('makes bytes and version 4 UUIDs that a seed determines', () => {
    const random = new SeededSecureRandom(new PrngStream('s'))
    const again = new SeededSecureRandom(new PrngStream('s'))
    const uuids = Array.from({ length: 200 }, () => random.uuid())
    expect(
      uuids.every((uuid) =>
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid),
      ),
    ).toBe(true)
    expect(new Set(uuids).size).toBe(200)
    expect(Array.from({ length: 200 }, () => again.uuid())).toEqual(uuids)
    expect(random.bytes(33)).toHaveLength(33)
    expect(again.bytes(0)).toHaveLength(0)
  })
})
