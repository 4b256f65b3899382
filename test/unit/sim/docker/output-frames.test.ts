import fc from 'fast-check'
import { expect, it } from 'vitest'
import { OutputFrames } from '../../../../sim/docker/output-frames.ts'
import type { OutputFrame } from '../../../../sim/docker/output-frames.ts'

function encode(frames: readonly OutputFrame[]): Buffer {
  return Buffer.concat(
    frames.flatMap(({ stream, bytes }) => {
      const head = Buffer.from([stream === 'stderr' ? 2 : 1, 0, 0, 0, 0, 0, 0, 0])
      head.writeUInt32BE(bytes.length, 4)
      return [head, bytes]
    }),
  )
}

const frameOf = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const),
  bytes: fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
})

it('gives back every frame, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(frameOf, { maxLength: 8 }), fc.array(fc.nat(30)), (frames, cuts) => {
      const encoded = encode(frames)
      const cutter = new OutputFrames()
      const found: OutputFrame[] = []
      let at = 0
      for (const length of [...cuts, encoded.length]) {
        found.push(...cutter.add(encoded.subarray(at, at + length)))
        at += length
      }
      expect(found.map(({ stream, bytes }) => [stream, bytes.toString('hex')])).toEqual(
        frames.map(({ stream, bytes }) => [stream, bytes.toString('hex')]),
      )
    }),
  )
})
