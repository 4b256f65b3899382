import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyCache } from '../../../src/session/key-cache.ts'

describe('key cache', () => {
  it('knows what was set, knows absence, and tells both from not knowing', () => {
    const cache = new KeyCache({ limitBytes: 10_000 })
    cache.set('a', 'text')
    cache.set('b', undefined)
    expect([cache.get('a')?.text, cache.get('b'), cache.get('c')]).toStrictEqual([
      'text',
      expect.objectContaining({ text: undefined }),
      undefined,
    ])
  })

  it('drops the least recently used entry first', () => {
    const cache = new KeyCache({ limitBytes: 3 * 222 })
    for (const name of ['aa', 'bb', 'cc']) cache.set(name, 'x'.repeat(100))
    cache.get('aa')
    cache.set('dd', 'x'.repeat(100))
    expect(['aa', 'bb', 'cc', 'dd'].filter((name) => cache.get(name) !== undefined)).toStrictEqual([
      'aa',
      'cc',
      'dd',
    ])
  })

  it('keeps no entry larger than its limit, nor what that replaced', () => {
    const cache = new KeyCache({ limitBytes: 1_000 })
    cache.set('a', 'small')
    cache.set('a', 'x'.repeat(1_000))
    expect(cache.get('a')).toBeUndefined()
    expect(cache.bytes).toBe(0)
  })

  it('never holds more bytes than its limit and forgets them with their entries', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd')
    const step = fc.oneof(
      fc.tuple(
        fc.constant('set'),
        name,
        fc.option(fc.string({ unit: 'grapheme', maxLength: 400 }), { nil: undefined }),
      ),
      fc.tuple(fc.constantFrom('get', 'delete'), name, fc.constant(undefined)),
    )
    fc.assert(
      fc.property(fc.array(step), fc.nat(2_000), (steps, limitBytes) => {
        const cache = new KeyCache({ limitBytes })
        const model = new Map<string, string | undefined>()
        for (const [kind, key, text] of steps) {
          if (kind === 'set') cache.set(key, text)
          if (kind === 'set') model.set(key, text)
          if (kind === 'delete') cache.delete(key)
          const found = cache.get(key)
          // It may have forgotten, never remember wrongly, and a deleted key is unknown.
          const isRight = found === undefined || (kind !== 'delete' && found.text === model.get(key))
          expect(isRight).toBe(true)
          expect(cache.bytes).toBeLessThanOrEqual(limitBytes)
        }
        for (const key of ['a', 'b', 'c', 'd']) cache.delete(key)
        expect(cache.bytes).toBe(0)
      }),
    )
  })
})
