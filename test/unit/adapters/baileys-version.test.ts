/** The version of WhatsApp Web: the newest that is known, without waiting for it or failing over it. */

import type { WAVersion } from '@whiskeysockets/baileys'
import { describe, expect, it } from 'vitest'
import { noteAccepted, VersionSource } from '../../../src/adapters/baileys-version.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const BUNDLED: WAVersion = [2, 3000, 100]

function sourceOf(fetchVersion: (() => Promise<unknown>) | undefined): {
  source: VersionSource
  clock: ManualClock
} {
  const clock = new ManualClock()
  const source = new VersionSource({
    clock,
    logger: new RecordingLogger(),
    bundled: BUNDLED,
    fetchVersion: fetchVersion as (() => Promise<WAVersion>) | undefined,
  })
  return { source, clock }
}

describe('VersionSource', () => {
  it('is the bundled one when nobody can be asked', async () => {
    expect(await sourceOf(undefined).source.current()).toEqual(BUNDLED)
  })

  it.each([
    ['older', [2, 2999, 999]],
    ['equal', [2, 3000, 100]],
    ['nonsense', ['2', 3000]],
    ['nothing', undefined],
    ['not whole', [2, 3000, Number.NaN]],
  ])('never goes down: the answer is %s', async (_case, answer) => {
    expect(await sourceOf(() => Promise.resolve(answer)).source.current()).toEqual(BUNDLED)
  })

  it('goes up, and keeps the last good one when the source is gone', async () => {
    const answers: (() => Promise<unknown>)[] = [
      () => Promise.resolve([2, 3000, 101]),
      () => Promise.reject(new Error('404')),
      () => Promise.resolve([2, 3000, 99]),
    ]
    const { source } = sourceOf(() => answers.shift()?.() ?? Promise.reject(new Error('none')))
    for (let round = 0; round < 3; round += 1) {
      expect(await source.current()).toEqual([2, 3000, 101])
      source.noteRejected()
    }
    expect(answers).toEqual([])
  })

  it('asks once a day, and again as soon as the server refused ours', async () => {
    let asked = 0
    const { source, clock } = sourceOf(() => Promise.resolve([2, 3000, 100 + (asked += 1)]))
    await source.current()
    await source.current()
    expect(asked).toBe(1)
    await clock.advance(86_400_000)
    await source.current()
    expect(asked).toBe(2)
    source.noteRejected()
    await source.current()
    expect(asked).toBe(3)
  })

  it('begins with what was good before, unless that is older or no version', async () => {
    const { source } = sourceOf(() => Promise.reject(new Error('no network')))
    source.learn([2, 3000, 105])
    for (const other of [[2, 3000, 104], [2, 2999, 999], 'newest', undefined, [9, 9], { 0: 9 }])
      source.learn(other)
    expect(await source.current()).toEqual([2, 3000, 105])
    source.learn(BUNDLED)
    source.noteRejected()
    expect(await source.current()).toEqual([2, 3000, 105])
  })

  it('is noted once when WhatsApp has taken it, never an older one, beside what else is noted', () => {
    const creds = { additionalData: { isPairingUnconfirmed: true } }
    expect(noteAccepted({ creds, version: [2, 3000, 105] })).toBe(true)
    expect(noteAccepted({ creds, version: [2, 3000, 105] })).toBe(false)
    expect(noteAccepted({ creds, version: BUNDLED })).toBe(false)
    expect(creds).toEqual({
      additionalData: { isPairingUnconfirmed: true, acceptedVersion: [2, 3000, 105] },
    })
  })

  it('waits 5 s at most for an answer', async () => {
    const { source, clock } = sourceOf(() => new Promise(() => {}))
    let version: WAVersion | undefined
    void source.current().then((found) => (version = found))
    await clock.advance(4_999)
    expect(version).toBeUndefined()
    await clock.advance(1)
    expect(version).toEqual(BUNDLED)
    expect(clock.pendingLabels()).toEqual([])
  })
})
