import { describe, expect, it } from 'vitest'
import { realFaultEndMs, realFaultSchema, VIRTUAL_ONLY } from '../../../../sim/faults/real-fault.ts'
import { proxyFaultsOf, strikesOf } from '../../../../sim/real/store-faults.ts'
import type { StoreFault } from '../../../../sim/real/store-faults.ts'
import { wireFaultOf } from '../../../../sim/real/wire-faults.ts'
import type { ConnectionFault } from '../../../../sim/real/wire-faults.ts'

function fault(value: object): ConnectionFault {
  return realFaultSchema.parse({ atMs: 0, ...value }) as ConnectionFault
}

describe('a fault of the connection on the wire', () => {
  it.each([
    [{ kind: 'disconnect' }, { kind: 'close', how: 'terminate' }],
    [
      { kind: 'disconnect', statusCode: 428 },
      { kind: 'close', how: 'terminate' },
    ],
    [
      { kind: 'disconnect', statusCode: 440 },
      { kind: 'stream-error', child: 'conflict-replaced' },
    ],
    [
      { kind: 'storm', statusCode: 503, count: 2, everyMs: 9 },
      { kind: 'stream-error', code: 503 },
    ],
    [
      { kind: 'refuse-logins', forMs: 5, how: 'status' },
      { kind: 'login-failure', reason: 503 },
    ],
    [{ kind: 'refuse-logins', forMs: 5, how: 'tcp' }, { kind: 'reset-at-connect' }],
    [{ kind: 'refuse-logins', forMs: 5, how: 'hang' }, { kind: 'no-server-hello' }],
    [{ kind: 'stall', forMs: 5, how: 'silent' }, { kind: 'stall' }],
    [{ kind: 'stall', forMs: 5, how: 'black-hole' }, { kind: 'black-hole' }],
    [{ kind: 'deaf' }, { kind: 'deaf', endsWithConnection: true }],
    [
      { kind: 'deaf', isMute: true },
      { kind: 'deaf', endsWithConnection: true, isMute: true },
    ],
    [
      { kind: 'restart-loop', forMs: 5 },
      { kind: 'stream-error', code: 515, at: 'open' },
    ],
    [{ kind: 'duplicates', forMs: 5, probability: 1 }, { kind: 'duplicate' }],
    [{ kind: 'drop-acks', forMs: 5, probability: 1 }, { kind: 'no-ack' }],
    [
      { kind: 'wire', fault: { kind: 'ack-error', code: 479 } },
      { kind: 'ack-error', code: 479 },
    ],
  ])('%j is %j', (value, expected) => {
    expect(wireFaultOf(fault(value))).toEqual(expected)
  })
})

describe('a fault of the database at the proxy', () => {
  it.each([
    [{ kind: 'store-latency', forMs: 5, extraMs: 80 }, ['latency']],
    [{ kind: 'store-outage', forMs: 5 }, ['refuse', 'reset']],
    [{ kind: 'store-outage', forMs: 5, code: 'store-busy' }, ['fatal', 'reset']],
    [{ kind: 'store-outage', forMs: 5, code: 'store-read-only' }, ['read-only']],
    [{ kind: 'store-outage', forMs: 5, code: 'store-outcome-unknown' }, ['reset-at-write']],
    [{ kind: 'proxy', fault: { kind: 'half-open' } }, ['half-open']],
  ])('%j is %j', (value, kinds) => {
    const parsed = realFaultSchema.parse({ atMs: 0, ...value }) as StoreFault
    expect(proxyFaultsOf(parsed).map(({ kind }) => kind)).toEqual(kinds)
  })
})

describe('whether a fault of several parts has struck', () => {
  it.each([
    ['an outage that cut somebody off', [undefined, 2], 2],
    ['an outage that found nobody to cut off is not known to have met nobody', [undefined, 0], undefined],
    ['a closed port alone', [undefined], undefined],
    ['parts that all can be seen', [0, 0], 0],
    ['the one that met most', [1, 3], 3],
  ])('%s', (_case, strikes, expected) => {
    expect(strikesOf(strikes.map((each) => ({ strikes: each })))).toBe(expected)
  })
})

describe('what is no fault of the real level', () => {
  it.each(Object.keys(VIRTUAL_ONLY))('%s is refused, with the reason', (kind) => {
    const values: Record<string, object> = {
      'phone-off': { forMs: 5 },
      'slow-messages': { forMs: 5, upToMs: 5 },
      'store-flaky': { forMs: 5, probability: 1, code: 'store-busy', isLanded: 'never' },
      'signal-mid-write': { signal: 'SIGKILL', operation: 'commit' },
    }
    const parsed = realFaultSchema.safeParse({ kind, atMs: 0, ...values[kind] })
    expect(parsed.success).toBe(false)
    expect(JSON.stringify(parsed.error)).toContain(`${kind}: `)
  })

  it('a fault that the fake WhatsApp does not know is refused in its words', () => {
    const parsed = realFaultSchema.safeParse({
      kind: 'wire',
      atMs: 0,
      fault: { kind: 'close', how: 'softly' },
    })
    expect(JSON.stringify(parsed.error)).toContain('must be one of stream-end')
  })
})

it('knows when faults are over', () => {
  const ends = [
    { kind: 'wire', atMs: 10, jitterMs: 5, fault: { kind: 'deaf' } },
    { kind: 'proxy', atMs: 10, forMs: 7, fault: { kind: 'reset' } },
    { kind: 'storm', atMs: 10, count: 3, everyMs: 4, statusCode: 503 },
    { kind: 'postgres-server', atMs: 10, jitterMs: 1, forMs: 7, how: 'kill' },
    { kind: 'postgres-failover', atMs: 10, jitterMs: 1 },
  ].map((value) => realFaultEndMs(realFaultSchema.parse(value)))
  expect(ends).toEqual([15, 17, 22, 18, 11])
})
