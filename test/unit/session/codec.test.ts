import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse, serialise } from '../../../src/session/codec.ts'

const bytes = Buffer.from([0, 1, 2, 250, 255])
const bytesText = '{"type":"Buffer","data":"AAEC+v8="}'

/** JSON values with byte arrays anywhere, and with objects that try to look like the bytes' form. */
const { value: anyValue } = fc.letrec<{ value: unknown; leaf: unknown; lookalike: unknown; fields: unknown }>(
  (tie) => ({
    value: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('lookalike'), tie('fields'), fc.array(tie('value'))),
    leaf: fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('Buffer', 'Literal', '"Buffer"', null, true, false),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0 || 0),
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
    ),
    lookalike: fc.record(
      {
        type: fc.constantFrom('Buffer', 'Literal', 'buffer'),
        data: fc.oneof(tie('value'), fc.base64String(), fc.array(fc.nat(255))),
      },
      { noNullPrototype: true },
    ),
    fields: fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('type', 'data', '__proto__', 'toString', '0', '1')),
      tie('value'),
      { noNullPrototype: true },
    ),
  }),
)

describe('codec', () => {
  it('gives back every value exactly, bytes as Buffers and nothing else as bytes', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(parse(serialise(value))).toStrictEqual(value)
      }),
      { numRuns: 2_000 },
    )
  })

  it('writes bytes in the form of BufferJSON, also from a bare Uint8Array and from a view', () => {
    expect(serialise(bytes)).toBe(bytesText)
    expect(serialise(new Uint8Array(bytes))).toBe(bytesText)
    expect(serialise({ key: bytes.subarray(1, 3) })).toBe('{"key":{"type":"Buffer","data":"AQI="}}')
  })

  it('reads bytes written as an array of numbers', () => {
    expect(parse('{"key":{"type":"Buffer","data":[0,1,255]}}')).toStrictEqual({
      key: Buffer.from([0, 1, 255]),
    })
    expect(parse(' {"type": "Buffer", "data": "AAEC+v8="}')).toStrictEqual(bytes)
  })

  it('leaves the value that it serialises as it was', () => {
    const value = { list: [bytes, { inner: bytes }] }
    serialise(value)
    expect(value).toStrictEqual({ list: [bytes, { inner: bytes }] })
  })

  it('keeps the bytes of a message object whose toJSON would turn them into text', () => {
    class Message {
      details = bytes
      toJSON(): unknown {
        return { details: this.details.toString('base64') }
      }
    }
    expect(parse(serialise({ account: new Message() }))).toStrictEqual({ account: { details: bytes } })
  })

  it('drops undefined fields as JSON does, and refuses a value that JSON cannot hold', () => {
    expect(serialise({ a: undefined, b: 1 })).toBe('{"b":1}')
    expect(() => serialise(undefined)).toThrow('cannot serialise a undefined')
  })

  it('reports every truncation as a corrupt row', () => {
    for (const whole of [
      bytesText,
      serialise({ a: bytes, b: [1, 'x'] }),
      serialise({ _sessions: { a: 'b' } }),
    ]) {
      for (let length = 0; length < whole.length; length++) {
        expect(() => parse(whole.slice(0, length))).toThrow(
          expect.objectContaining({ code: 'store-corrupt' }),
        )
      }
    }
  })

  it.each([
    '{"type":"Buffer","data":"AAE*+v8="}',
    '{"type":"Buffer","data":"AAEC+v8"}',
    '{"a":{"type":"Buffer","data":[1,256]}}',
    '{"a":{"type":"Buffer","data":[1,"2"]}}',
    '{"a":{"type":"Buffer","data":{}}}',
    '{"type":"Literal","data":"x"}',
  ])('reports bytes that are none as a corrupt row: %s', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'store-corrupt' }))
  })

  it('never quotes the text in its error: it holds keys', () => {
    expect(() => parse('{"secret":"abc')).toThrow('a stored value of 14 characters cannot be parsed')
  })
})
