import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorCodeOf } from '../../../src/errors.ts'
import type { RowCipher } from '../../../src/ports/row-cipher.ts'
import type { SecureRandom } from '../../../src/ports/secure-random.ts'
import { createRowCipher } from '../../../src/session/encryption.ts'

const keyA = Buffer.alloc(32, 0xa1)
const keyB = Buffer.alloc(32, 0xb2)
const row = { type: 'session', id: '4915:1' }
const plain = '{"chain":"ä€😀"}'

/** Bytes that differ from call to call and are the same in every run. */
function countingRandom(): SecureRandom {
  let calls = 0
  return {
    bytes: (sizeBytes) => createHash('sha256').update(String(calls++)).digest().subarray(0, sizeBytes),
    uuid: () => '00000000-0000-4000-8000-000000000000',
  }
}

function cipherWith(keys: readonly Uint8Array[], sessionId = 'main'): RowCipher {
  return createRowCipher({ sessionId, secureRandom: countingRandom(), keys })
}

function openCode(cipher: RowCipher, sealed: Uint8Array, at = row): string | undefined {
  try {
    cipher.open(sealed, at)
    return 'opened'
  } catch (error) {
    return errorCodeOf(error)
  }
}

describe('row cipher', () => {
  it('opens what it sealed, whatever the text', () => {
    const cipher = cipherWith([keyA])
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.string(), (text, type, id) => {
        expect(cipher.open(cipher.seal(text, { type, id }), { type, id })).toBe(text)
      }),
    )
  })

  it('lays a row out as version, key id, nonce, ciphertext and tag', () => {
    const sealed = Buffer.from(cipherWith([keyA]).seal(plain, row))
    expect(sealed[0]).toBe(1)
    expect(sealed.subarray(1, 5)).toStrictEqual(createHash('sha256').update(keyA).digest().subarray(0, 4))
    expect(sealed.subarray(5, 17)).toStrictEqual(Buffer.from(countingRandom().bytes(12)))
    expect(sealed.length).toBe(17 + Buffer.byteLength(plain) + 16)
  })

  it('never uses a nonce twice', () => {
    const cipher = cipherWith([keyA])
    expect(cipher.seal(plain, row)).not.toStrictEqual(cipher.seal(plain, row))
  })

  it('refuses a row in which any one byte was altered', () => {
    const cipher = cipherWith([keyA])
    const sealed = cipher.seal(plain, row)
    for (let at = 0; at < sealed.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const altered = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ flip : byte))
        const inKeyId = at >= 1 && at <= 4
        expect(openCode(cipher, altered)).toBe(inKeyId ? 'encryption-key-missing' : 'store-corrupt')
      }
    }
  })

  it('refuses a truncated row, an empty one included', () => {
    const cipher = cipherWith([keyA])
    const sealed = cipher.seal(plain, row)
    for (let length = 0; length < sealed.length; length++) {
      expect(openCode(cipher, sealed.subarray(0, length))).toBe('store-corrupt')
    }
  })

  it('refuses a row moved to another id, type or session', () => {
    const sealed = cipherWith([keyA]).seal(plain, row)
    expect(openCode(cipherWith([keyA]), sealed, { type: 'session', id: '4915:2' })).toBe('store-corrupt')
    expect(openCode(cipherWith([keyA]), sealed, { type: 'sender-key', id: '4915:1' })).toBe('store-corrupt')
    expect(openCode(cipherWith([keyA], 'other'), sealed)).toBe('store-corrupt')
  })

  it('tells identities apart whose parts run together', () => {
    const cipher = cipherWith([keyA])
    const sealed = cipher.seal(plain, { type: 'a', id: 'b","c' })
    expect(openCode(cipher, sealed, { type: 'a","b', id: 'c' })).toBe('store-corrupt')
    expect(openCode(cipherWith([keyA], 'maina'), sealed, { type: '', id: 'b","c' })).toBe('store-corrupt')
  })

  it('says which key is wanting when the key is another one or none', () => {
    const sealed = cipherWith([keyA]).seal(plain, row)
    expect(openCode(cipherWith([keyB]), sealed)).toBe('encryption-key-missing')
    expect(openCode(cipherWith([]), sealed)).toBe('encryption-key-missing')
  })

  it('seals with the first key and opens with both, so that keys can be rotated', () => {
    const old = cipherWith([keyA]).seal(plain, row)
    const rotating = cipherWith([keyB, keyA])
    expect(rotating.open(old, row)).toBe(plain)
    expect(cipherWith([keyB]).open(rotating.seal(plain, row), row)).toBe(plain)
  })

  it('writes plain rows without a key, readable when a key is set later', () => {
    const stored = cipherWith([]).seal(plain, row)
    expect(stored).toStrictEqual(Buffer.concat([Buffer.of(0), Buffer.from(plain)]))
    expect(cipherWith([]).open(stored, row)).toBe(plain)
    expect(cipherWith([keyA]).open(stored, row)).toBe(plain)
  })

  it('refuses plain bytes that are no text, and versions it does not know', () => {
    expect(openCode(cipherWith([]), Buffer.of(0, 0xff))).toBe('store-corrupt')
    expect(openCode(cipherWith([keyA]), Buffer.concat([Buffer.of(2), Buffer.alloc(60)]))).toBe(
      'store-corrupt',
    )
  })

  it('refuses keys of a wrong length and the same key twice', () => {
    expect(() => cipherWith([keyA.subarray(1)])).toThrow('an encryption key is 32 bytes, not 31')
    expect(() => cipherWith([keyA, Buffer.from(keyA)])).toThrow('two encryption keys are the same key')
  })
})
