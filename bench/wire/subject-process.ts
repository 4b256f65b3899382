/** The process around a subject: does one question at a time over the channel, and answers with numbers. */

import type { EventEmitter } from 'node:events'
import { median } from '../../sim/assertions/median.ts'
import { createSubject } from './subject.ts'
import type { Subject, SubjectOptions } from './subject.ts'

/** Each is answered by one number. */
export type SubjectQuestion =
  /** How long until open, ms. */
  | { readonly ask: 'connect' }
  | { readonly ask: 'end' }
  /** How long the store's key writes were waited for since the start, ms. */
  | { readonly ask: 'store-ms' }
  /** Median of so many single key writes, ms. */
  | { readonly ask: 'key-write-ms'; readonly times: number }
  /** Messages taken so far. */
  | { readonly ask: 'taken' }
  /** Resident memory after a garbage collection, bytes. */
  | { readonly ask: 'rss' }
  /** V8's heap after a garbage collection, bytes. */
  | { readonly ask: 'heap' }
  /** Timers, sockets and the like that keep the process alive. */
  | { readonly ask: 'resources' }
  /** Listeners on what outlives a connection. */
  | { readonly ask: 'listeners' }
  /** Ends and connects so many times; median time to open, ms. */
  | { readonly ask: 'reconnect-ms'; readonly times: number }

/** About the size of a stored session. */
const KEY_VALUE = { record: 'x'.repeat(1_000) }

async function answer(subject: Subject, question: SubjectQuestion): Promise<number> {
  switch (question.ask) {
    case 'connect':
      return timed(() => subject.connect())
    case 'end':
      await subject.end()
      return 0
    case 'store-ms':
      return subject.storeMs
    case 'taken':
      return subject.taken
    case 'rss':
      collectGarbage()
      return process.memoryUsage.rss()
    case 'heap':
      collectGarbage()
      return process.memoryUsage().heapUsed
    case 'resources':
      return process.getActiveResourcesInfo().length
    case 'listeners':
      return [process, ...subject.emitters].reduce((sum, each) => sum + listenersOf(each), 0)
    case 'key-write-ms': {
      const times: number[] = []
      for (let index = 0; index < question.times; index += 1) {
        times.push(await timed(() => subject.writeKey(`bench-${index % 50}.0`, KEY_VALUE)))
      }
      return median(times)
    }
    case 'reconnect-ms': {
      const times: number[] = []
      for (let index = 0; index < question.times; index += 1) {
        await subject.end()
        times.push(await timed(() => subject.connect()))
      }
      return median(times)
    }
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now()
  await work()
  return performance.now() - startedAtMs
}

function listenersOf(emitter: EventEmitter): number {
  return emitter.eventNames().reduce((sum, event) => sum + emitter.listenerCount(event), 0)
}

/** The process is started with --expose-gc; an ordinary collection would leave freed pages with V8 for some seconds. */
function collectGarbage(): void {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  }
}

const options: SubjectOptions = JSON.parse(process.argv[2] ?? '{}')
const subject = await createSubject(options)
process.on('message', (question: SubjectQuestion) => {
  answer(subject, question).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.({ value: 0 })
