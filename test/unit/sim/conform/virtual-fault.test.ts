import { describe, expect, it } from 'vitest'
import { virtualTwinOf } from '../../../../sim/conform/virtual-fault.ts'
import { realFaultSchema } from '../../../../sim/faults/real-fault.ts'

const UNTIL_MS = 60_000

function twinOf(input: object): unknown {
  return virtualTwinOf(realFaultSchema.parse(input), UNTIL_MS)
}

function cut(moment: string): object {
  return { kind: 'proxy', atMs: 0, forMs: 10, fault: { kind: 'reset-at-write', moment, times: 1_000 } }
}

describe('the twin of a fault', () => {
  it('is itself where the virtual world knows it', () => {
    const fault = { kind: 'sigkill', atMs: 5_000, jitterMs: 10 }
    expect(twinOf(fault)).toEqual({ fault })
  })

  it.each([
    [
      { kind: 'login-failure', reason: 503 },
      { kind: 'refuse-logins', how: 'status', statusCode: 503 },
    ],
    [{ kind: 'reset-at-connect' }, { kind: 'refuse-logins', how: 'tcp' }],
    [{ kind: 'no-server-hello' }, { kind: 'refuse-logins', how: 'hang' }],
    [{ kind: 'stall' }, { kind: 'stall', how: 'silent' }],
    [{ kind: 'black-hole' }, { kind: 'stall', how: 'black-hole' }],
    [{ kind: 'duplicate' }, { kind: 'duplicates', probability: 1 }],
    [{ kind: 'no-ack' }, { kind: 'drop-acks', probability: 1 }],
  ])('of %j on the wire is %j', (fault, twin) => {
    expect(twinOf({ kind: 'wire', atMs: 1_000, forMs: 2_000, fault })).toMatchObject({
      fault: { ...twin, atMs: 1_000, forMs: 2_000 },
    })
  })

  it('lasts to the end of the run when nobody lifts it', () => {
    expect(twinOf({ kind: 'wire', atMs: 10_000, fault: { kind: 'stall' } })).toMatchObject({
      fault: { forMs: 50_000 },
    })
  })

  it('of a slow proxy delays a call by both ways', () => {
    const fault = { kind: 'latency', delayMs: 200 }
    expect(twinOf({ kind: 'proxy', atMs: 0, forMs: 10, fault })).toMatchObject({
      fault: { kind: 'store-latency', extraMs: 400 },
    })
  })

  it('of a database at another address does not exist', () => {
    expect(twinOf({ kind: 'postgres-failover', atMs: 0 })).toEqual({
      reason: 'the virtual world has no postgres-failover',
    })
  })

  it('of a server that is down is an outage of the store', () => {
    expect(twinOf({ kind: 'postgres-server', atMs: 3, forMs: 10, how: 'kill' })).toMatchObject({
      fault: { kind: 'store-outage', atMs: 3, forMs: 10 },
    })
  })

  it('of writes that are all cut off is a store that fails them, landed or not', () => {
    expect(twinOf(cut('unsent'))).toMatchObject({ fault: { isLanded: 'never', code: 'store-unavailable' } })
    expect(twinOf(cut('answered'))).toMatchObject({
      fault: { isLanded: 'always', code: 'store-outcome-unknown' },
    })
  })

  it.each([
    [{ kind: 'wire', fault: { kind: 'reorder', window: 3 } }, /reorder/],
    [{ kind: 'wire', fault: { kind: 'corrupt-frame', how: 'bad-tag' } }, /corrupt-frame/],
    [{ kind: 'wire', fault: { kind: 'stream-error', code: 515, at: 'open' } }, /moment of the login/],
    [{ kind: 'proxy', fault: { kind: 'half-open' } }, /half-open at the proxy/],
    [{ kind: 'proxy', fault: { kind: 'reset-at-write', moment: 'unsent', times: 8 } }, /counted number/],
  ])('of %j does not exist, and the reason is said', (fault, reason) => {
    const twin = twinOf({ atMs: 0, forMs: 100, ...fault })
    expect(twin).toEqual({ reason: expect.stringMatching(reason) as string })
  })
})
