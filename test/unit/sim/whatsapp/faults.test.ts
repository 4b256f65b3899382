import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nameMatches } from '../../../../sim/whatsapp/faults/fault.ts'
import { FaultBoard } from '../../../../sim/whatsapp/faults/fault-board.ts'
import { FAULT_KINDS, parseFault } from '../../../../sim/whatsapp/faults/parse-fault.ts'
import { SessionFaults } from '../../../../sim/whatsapp/faults/session-faults.ts'

describe('the document of faults', () => {
  it('names every kind', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../../docs/fake-whatsapp-faults.md'), 'utf8')
    expect(FAULT_KINDS.filter((kind) => !text.includes(`\`${kind}\``))).toEqual([])
  })
})

describe('the board', () => {
  it('finds what is in force for a device, and counts its strikes', () => {
    const board = new FaultBoard()
    const forAll = board.add({ kind: 'deaf', times: 1 })
    const forOne = board.add({ kind: 'deaf', device: 'a.5' })
    expect(board.strike('deaf', 'a.5')).toBe(forAll.fault)
    expect(board.strike('deaf', 'b.5')).toBe(undefined)
    expect(board.strike('deaf', undefined)).toBe(undefined)
    expect(board.strike('deaf', 'a.5')).toBe(forOne.fault)
    board.remove(forOne)
    expect(board.strike('deaf', 'a.5')).toBe(undefined)
    expect([forAll.struck, forOne.struck]).toEqual([1, 1])
  })
})

describe('a name of a query', () => {
  it.each([
    ['usync/get/usync', undefined, true],
    ['usync/get/usync', 'usync', true],
    ['usync/get/usync', 'usync/get/usync', true],
    ['usync/get/usync', 'usy', false],
    ['w:p/get/ping', 'usync', false],
  ])('%s matches %s: %s', (name, wanted, matches) => expect(nameMatches(name, wanted)).toBe(matches))
})

describe('a rate limit', () => {
  it('counts each device for itself, and no pings', () => {
    const board = new FaultBoard()
    board.add({ kind: 'rate-limit', perMinute: 1 })
    const faults = new SessionFaults(board)
    const ask = (name: string, device: string): string => faults.fateOfQuery(name, device).kind
    expect(ask('w:p/get/ping', 'a')).toBe('answer')
    expect([ask('q', 'a'), ask('q', 'a'), ask('q', 'b')]).toEqual(['answer', 'refuse', 'answer'])
    expect(ask('w:p/get/ping', 'a')).toBe('answer')
  })
})

describe('reading a fault', () => {
  it('takes every field that its kind knows', () => {
    const fault = { kind: 'close', how: 'reset', at: 'login', device: 'a.5', times: 3, forMs: 10 }
    expect(parseFault(fault)).toEqual(fault)
  })

  it.each([
    [null, 'a fault is an object with a "kind"'],
    ['deaf', 'a fault is an object with a "kind"'],
    [{}, 'fault kind undefined is none of refuse'],
    [
      { kind: 'reorder', window: -1, times: 1.5 },
      'fault "reorder": "window" must be a whole number from 0 to 2147483647; "times" must be',
    ],
    [{ kind: 'http-error', status: 503, keepsSocket: 'yes' }, '"keepsSocket" must be true or false'],
    [{ kind: 'unanswered', query: '' }, '"query" must be a text'],
  ])('refuses %j', (fault, message) => expect(() => parseFault(fault)).toThrow(message))
})
