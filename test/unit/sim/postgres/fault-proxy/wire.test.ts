import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFault } from '../../../../../sim/postgres/fault-proxy/fault-words.ts'
import { StatementBook, isCommitted } from '../../../../../sim/postgres/fault-proxy/statement-book.ts'
import {
  MessageCutter,
  errorState,
  fatalError,
  openingRequest,
  query,
} from '../../../../../sim/postgres/fault-proxy/wire.ts'
import type { WireMessage } from '../../../../../sim/postgres/fault-proxy/wire.ts'

function message(type: string, body: string): Buffer {
  const head = Buffer.alloc(5)
  head.write(type, 'latin1')
  head.writeUInt32BE(Buffer.byteLength(body) + 4, 1)
  return Buffer.concat([head, Buffer.from(body)])
}

function cut(chunks: readonly Uint8Array[]): WireMessage[] {
  const cutter = new MessageCutter('server')
  const messages: WireMessage[] = []
  for (const chunk of chunks) {
    cutter.add(Buffer.from(chunk))
    for (let next = cutter.next(); next !== undefined; next = cutter.next()) messages.push(next)
  }
  return messages
}

describe('messages', () => {
  it('come out whole, however their bytes arrive', () => {
    const bodies = fc.array(fc.string(), { maxLength: 8 })
    const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 10 })
    fc.assert(
      fc.property(bodies, cuts, (texts, places) => {
        const bytes = Buffer.concat(texts.map((text) => message('D', text)))
        const edges = [
          0,
          ...places.filter((place) => place < bytes.length).toSorted((a, b) => a - b),
          bytes.length,
        ]
        const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
        const messages = cut(chunks)
        expect(messages.map(({ type }) => type)).toEqual(texts.map(() => 'D'))
        expect(Buffer.concat(messages.map((each) => each.bytes))).toEqual(bytes)
      }),
    )
  })

  it('of other protocols are refused', () => {
    const cutter = new MessageCutter('client')
    cutter.add(Buffer.from('GET / HTTP/1.1\r\n'))
    expect(() => cutter.next()).toThrow('not the Postgres protocol')
  })

  it('without a type open a session, or ask for something else', () => {
    const requests = [196_608, 80_877_103, 80_877_104, 80_877_102].map((code) => {
      const bytes = Buffer.alloc(8)
      bytes.writeUInt32BE(8)
      bytes.writeUInt32BE(code, 4)
      const cutter = new MessageCutter('client')
      cutter.add(bytes)
      return openingRequest(cutter.next() ?? { type: '', bytes })
    })
    expect(requests).toEqual(['startup', 'ssl', 'gss', 'cancel'])
  })

  it('of the proxy’s own are such as the server sends', () => {
    const [error] = cut([fatalError('57P01', 'going down')])
    expect(error && errorState(error)).toBe('57P01')
    expect(query('SELECT 1')).toEqual(message('Q', 'SELECT 1\0'))
  })
})

describe('exchanges', () => {
  it('gather what belongs together, and know what a prepared statement executes', () => {
    const book = new StatementBook()
    const add = (type: string, body = '') => book.add({ type, bytes: message(type, body) })
    expect([
      add('P', 'name\0INSERT INTO a VALUES (1)\0\0\0'),
      add('B', '\0name\0'),
      add('D', 'P\0'),
      add('E', '\0'),
    ]).toEqual(Array.from({ length: 4 }))
    expect(add('S')).toMatchObject({ texts: ['INSERT INTO a VALUES (1)'], isAnsweredReady: true })
    add('B', 'portal\0name\0')
    add('E', 'portal\0')
    expect(add('S')).toMatchObject({ texts: ['INSERT INTO a VALUES (1)'] })
    expect(add('Q', 'SELECT 1\0')).toMatchObject({ texts: ['SELECT 1'], isAnsweredReady: true })
    expect(add('H')).toMatchObject({ texts: [], isAnsweredReady: false })
  })

  it.each([
    ['INSERT INTO a VALUES (1)', false, true],
    ['WITH b AS (UPDATE a SET c = 1 RETURNING *) SELECT * FROM b', false, true],
    ['delete from a', false, true],
    ['SELECT 1', false, false],
    ['SELECT * FROM a FOR UPDATE', false, false],
    ['SELECT * FROM a FOR NO KEY UPDATE', false, false],
    ['SELECT CASE WHEN a THEN 1\nEND FROM b', false, false],
    ['INSERT INTO a VALUES (1)', true, false],
    ['BEGIN; INSERT INTO a VALUES (1)', false, false],
    ['BEGIN; INSERT INTO a VALUES (1); COMMIT', false, true],
    ['COMMIT', true, true],
    ['END', true, true],
    ['ROLLBACK', true, false],
  ])('%j (in a transaction: %s) makes something durable: %s', (text, isInTransaction, expected) => {
    expect(isCommitted([text], isInTransaction)).toBe(expected)
  })
})

describe('faults in words', () => {
  it.each([
    ['latency 100 20', { kind: 'latency', delayMs: 100, jitterMs: 20 }],
    ['latency 100', { kind: 'latency', delayMs: 100, jitterMs: 0 }],
    ['bandwidth 5000', { kind: 'bandwidth', bytesPerSecond: 5_000 }],
    ['  black-hole ', { kind: 'black-hole' }],
    ['fatal 57P01', { kind: 'fatal', sqlState: '57P01' }],
    ['connection-cap 3', { kind: 'connection-cap', maxConnections: 3 }],
    ['reset-at-write unsent 2', { kind: 'reset-at-write', moment: 'unsent', times: 2 }],
    ['', undefined],
    ['latency', undefined],
    ['latency soon', undefined],
    ['bandwidth 0', undefined],
    ['fatal 42P01', undefined],
    ['reset-at-write never', undefined],
    ['refuse everything', undefined],
  ])('%j', (words, fault) => {
    expect(parseFault(words)).toEqual(fault)
  })
})
