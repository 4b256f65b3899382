import { describe, expect, it } from 'vitest'
import { MediaStore } from '../../../../../sim/whatsapp/media/media-store.ts'

describe('the media store', () => {
  it('gives back what was put, and counts', () => {
    const store = storeOf({})
    const path = store.put('image', Buffer.from('sealed'))
    expect(store.take(path)).toEqual({ outcome: 'found', content: Buffer.from('sealed') })
    expect(store.list()).toEqual([{ directPath: path, kind: 'image', bytes: 6, downloads: 1 }])
  })

  it('forgets the oldest above its number of files', () => {
    const store = storeOf({ maxFiles: 2 })
    const [first = '', second = '', third = ''] = ['a', 'b', 'c'].map((text) =>
      store.put('image', Buffer.from(text)),
    )
    expect([first, second, third].map((path) => store.take(path).outcome)).toEqual([
      'forgotten',
      'found',
      'found',
    ])
  })

  it('forgets the oldest above its bytes', () => {
    const store = storeOf({ maxTotalBytes: 10 })
    const first = store.put('image', Buffer.alloc(6))
    const second = store.put('image', Buffer.alloc(6))
    expect(store.take(first).outcome).toBe('forgotten')
    expect(store.take(second).outcome).toBe('found')
    expect(store.list()).toHaveLength(1)
  })

  it('takes nothing above the limit of one file, and keeps what it has', () => {
    const store = storeOf({ maxFileBytes: 4 })
    store.put('image', Buffer.alloc(4))
    expect(() => store.put('image', Buffer.alloc(5))).toThrow(RangeError)
    expect(store.list()).toHaveLength(1)
  })

  it('knows paths that it cannot have given out', () => {
    expect(storeOf({}).take('/v/image/../../etc/passwd').outcome).toBe('unknown')
  })
})

function storeOf(limits: Partial<ConstructorParameters<typeof MediaStore>[0]>): MediaStore {
  return new MediaStore({ maxFiles: 10, maxFileBytes: 100, maxTotalBytes: 1_000, ...limits })
}
