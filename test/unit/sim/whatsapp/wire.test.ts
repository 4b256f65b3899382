import fc from 'fast-check'
import { Curve } from '@whiskeysockets/baileys'
import { describe, expect, it } from 'vitest'
import { unseal, seal } from '../../../../sim/whatsapp/wire/aead.ts'
import { FrameReader, toFrame } from '../../../../sim/whatsapp/wire/framing.ts'
import { bigEndian, stanza, textOf, uintOf } from '../../../../sim/whatsapp/wire/stanza.ts'

const INTRO = Buffer.from([0x57, 0x41, 6, 3])

describe('a frame reader', () => {
  it('gives the same frames however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 })
    const cuts = fc.array(fc.nat(2_000), { maxLength: 12 })
    fc.assert(
      fc.property(bodies, cuts, (frames, at) => {
        const stream = Buffer.concat([INTRO, ...frames.map(toFrame)])
        const points = [
          0,
          ...at.filter((each) => each < stream.length).toSorted((a, b) => a - b),
          stream.length,
        ]
        const reader = new FrameReader()
        const got = points.slice(1).flatMap((end, index) => reader.push(stream.subarray(points[index], end)))
        expect(got.map((each) => each.toString('hex'))).toEqual(
          frames.map((each) => Buffer.from(each).toString('hex')),
        )
      }),
    )
  })

  it('takes the routing that an earlier connection was given', () => {
    const routing = Buffer.from('cafe01', 'hex')
    const reader = new FrameReader()
    const preamble = Buffer.concat([Buffer.from('ED'), Buffer.from([0, 1, 0, 0, 3]), routing])
    expect(reader.push(Buffer.concat([preamble, INTRO, toFrame(Buffer.from('hi'))])).map(String)).toEqual([
      'hi',
    ])
    expect(reader.intro).toEqual({ header: INTRO, routing })
  })

  it('refuses a stream of another protocol', () => {
    expect(() => new FrameReader().push(Buffer.from('GET / HTTP/1.1'))).toThrow("instead of WhatsApp's intro")
  })
})

describe('the cipher', () => {
  it('opens only what was sealed with the same key, counter and associated data', () => {
    const key = Buffer.from(Curve.generateKeyPair().public)
    const sealed = seal(key, 3, Buffer.from('hi'), Buffer.from('head'))
    expect(unseal(key, 3, sealed, Buffer.from('head')).toString()).toBe('hi')
    expect(() => unseal(key, 4, sealed, Buffer.from('head'))).toThrow('unable to authenticate')
    expect(() => unseal(key, 3, sealed)).toThrow('unable to authenticate')
  })
})

describe('stanzas', () => {
  it('leave out attributes that are not given', () => {
    expect(stanza('iq', { id: '1', type: undefined })).toEqual({ tag: 'iq', attrs: { id: '1' } })
  })

  it('carry numbers and texts as bytes', () => {
    expect(uintOf(stanza('id', {}, bigEndian(70_000, 3)))).toBe(70_000)
    expect(uintOf(undefined)).toBe(0)
    expect(textOf(stanza('subject', {}, Buffer.from('Grüße')))).toBe('Grüße')
  })
})
