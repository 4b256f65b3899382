import { describe, expect, it } from 'vitest'
import { Backlog } from '../../../src/messages/backlog.ts'
import { settle } from '../../support/manual-clock.ts'

/** A backlog of strings over a queue of `bound`, whose reads are answered by the test. */
function setup(bound = 10) {
  const queue: string[] = []
  const failures: unknown[] = []
  const reads: { resolve(page: readonly string[]): void; reject(error: Error): void }[] = []
  const backlog = new Backlog<string>({
    pageSize: 3,
    read: () => new Promise((resolve, reject) => reads.push({ resolve, reject })),
    keyOf: (item) => item,
    has: (key) => queue.includes(key),
    add: (item) => {
      if (item === 'later') return 'later'
      if (queue.length >= bound) return 'full'
      queue.push(item)
      return 'added'
    },
    hasRoom: () => queue.length < bound,
    onFailure: (error) => failures.push(error),
  })
  return { backlog, queue, reads, failures }
}

describe('Backlog', () => {
  it('is behind until a page shows that nothing is missing', async () => {
    const { backlog, queue, reads } = setup()
    expect(backlog.isBehind).toBe(true)
    void backlog.catchUp()
    reads[0]?.resolve(['a', 'b', 'c'])
    await settle()
    expect(backlog.isBehind).toBe(true)
    reads[1]?.resolve(['d'])
    await settle()
    expect(queue).toEqual(['a', 'b', 'c', 'd'])
    expect(backlog.isBehind).toBe(false)
  })

  it('does not bring back what was finished while the read was under way', async () => {
    const { backlog, queue, reads } = setup()
    void backlog.catchUp()
    backlog.noteFinished('a')
    reads[0]?.resolve(['a', 'b'])
    await settle()
    expect(queue).toEqual(['b'])
  })

  it('reads once more for what the read under way may have missed', async () => {
    const { backlog, reads } = setup()
    void backlog.catchUp()
    backlog.markBehind()
    reads[0]?.resolve([])
    await settle()
    expect(reads).toHaveLength(2)
  })

  it('ignores a read, and its failure, from before everything was dropped', async () => {
    const { backlog, queue, reads, failures } = setup()
    void backlog.catchUp()
    backlog.forget()
    void backlog.catchUp()
    void backlog.catchUp()
    expect(reads).toHaveLength(2)
    reads[0]?.resolve(['stale'])
    await settle()
    expect(queue).toEqual([])
    backlog.forget()
    reads[1]?.reject(new Error('late'))
    await settle()
    expect(failures).toEqual([])
    expect(backlog.isBehind).toBe(true)
  })

  it('stays behind and reports when a read fails, and does not read again by itself', async () => {
    const { backlog, reads, failures } = setup()
    void backlog.catchUp()
    reads[0]?.reject(new Error('away'))
    await settle()
    expect(failures).toHaveLength(1)
    expect(backlog.isBehind).toBe(true)
    expect(reads).toHaveLength(1)
  })

  it('stops reading when a full page brings nothing new', async () => {
    const { backlog, queue, reads } = setup()
    queue.push('a', 'b', 'c')
    void backlog.catchUp()
    reads[0]?.resolve(['a', 'b', 'c'])
    await settle()
    expect(reads).toHaveLength(1)
    expect(backlog.isBehind).toBe(true)
  })
  it('takes in what follows an item that must wait, and stays behind for that one', async () => {
    const { backlog, queue, reads } = setup()
    void backlog.catchUp()
    reads[0]?.resolve(['later', 'b'])
    await settle()
    reads[1]?.resolve(['later', 'b'])
    await settle()
    expect(queue).toEqual(['b'])
    expect(backlog.isBehind).toBe(true)
    expect(reads).toHaveLength(2)
  })

  it('stays behind when the queue is full', async () => {
    const { backlog, queue, reads } = setup(1)
    void backlog.catchUp()
    reads[0]?.resolve(['a', 'b'])
    await settle()
    expect(queue).toEqual(['a'])
    expect(backlog.isBehind).toBe(true)
    expect(reads).toHaveLength(1)
  })
})
