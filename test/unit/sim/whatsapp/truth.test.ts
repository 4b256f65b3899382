import { describe, expect, it } from 'vitest'
import { BoundedList } from '../../../../sim/whatsapp/bounded-list.ts'
import { parseQrText } from '../../../../sim/whatsapp/login/pairings.ts'
import { StepLedger, stepOf } from '../../../../sim/whatsapp/signal/step-ledger.ts'
import { mostInAMinute } from '../../../../sim/whatsapp/truth-snapshot.ts'
import type { Step } from '../../../../sim/whatsapp/signal/step-ledger.ts'

const step: Step = { kind: 'direct', between: 'a>b', chain: 'c', counter: 1 }

describe('the ledger of ratchet steps', () => {
  it('finds one key under two texts', () => {
    const ledger = new StepLedger()
    ledger.note(step, Buffer.from('one'), 'M1')
    ledger.note({ ...step, counter: 2 }, Buffer.from('two'), 'M2')
    expect(ledger.reuses).toEqual([])
    ledger.note(step, Buffer.from('other'), 'M3')
    expect(ledger.reuses).toMatchObject([{ counter: 1, firstMessageId: 'M1', secondMessageId: 'M3' }])
    expect(ledger.size).toBe(2)
  })

  it('takes the same bytes again for a stanza sent twice', () => {
    const ledger = new StepLedger()
    ledger.note(step, Buffer.from('one'), 'M1')
    ledger.note(step, Buffer.from('one'), 'M1')
    expect(ledger.reuses).toEqual([])
  })

  it('tells pairs apart, and passes over garbage', () => {
    const ledger = new StepLedger()
    ledger.note(step, Buffer.from('one'), 'M1')
    ledger.note({ ...step, between: 'a>c' }, Buffer.from('two'), 'M1')
    expect(ledger.reuses).toEqual([])
    for (const type of ['skmsg', 'msg', 'pkmsg']) {
      expect(stepOf(type, Buffer.from('garbage'), 'a>g')).toBe(undefined)
      expect(stepOf(type, Buffer.alloc(80), 'a>g')).toBe(undefined)
    }
  })
})

describe('connections in a minute', () => {
  it.each([
    [[], 0],
    [[0], 1],
    [[0, 59_999], 2],
    [[0, 60_000], 1],
    [[0, 30_000, 61_000, 62_000], 3],
  ])('of %j are %i at most', (times, most) => expect(mostInAMinute(times)).toBe(most))
})

describe('a bounded list', () => {
  it('forgets the oldest and counts them', () => {
    const list = new BoundedList<number>(4)
    for (let index = 0; index < 10; index += 1) list.push(index)
    expect(list.toArray().slice(-4)).toEqual([6, 7, 8, 9])
    expect(list.forgotten + list.length).toBe(10)
    expect(list.length).toBeLessThanOrEqual(5)
  })
})

describe('a QR text', () => {
  const parts = ['2@ref', 'bm9pc2U=', 'aWRlbnRpdHk=', 'c2VjcmV0']

  it.each([
    ['version 6', parts.join(',')],
    ['version 7', `https://wa.me/settings/linked_devices#${parts.join(',')},1`],
  ])('of %s is read', (_version, text) => {
    expect(parseQrText(text)).toEqual({
      ref: '2@ref',
      identity: Buffer.from('identity'),
      advSecret: Buffer.from('secret'),
    })
  })
})
