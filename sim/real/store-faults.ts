/** What each fault of the database is for the proxy before Postgres, as plain data. */

import type { FaultHandle, ProxyFault } from '../postgres/fault-proxy/proxy-fault.ts'
import type { RealFaultOf } from '../faults/real-fault.ts'

export type StoreFault = RealFaultOf<'store-latency' | 'store-outage' | 'proxy'>

export function proxyFaultsOf(fault: StoreFault): readonly ProxyFault[] {
  switch (fault.kind) {
    case 'store-latency':
      // A round trip takes it twice.
      return [{ kind: 'latency', delayMs: fault.extraMs / 2, jitterMs: 0 }]
    case 'store-outage':
      return outageOf(fault.code)
    case 'proxy':
      return [fault.fault]
    default:
      return fault satisfies never
  }
}

/**
 * How often a fault has met somebody, made of several parts; undefined where that cannot be seen. Nobody may be there
 * to be cut off when the port closes, as before a first start: the closed port, which counts nobody, strikes later.
 */
export function strikesOf(parts: readonly Pick<FaultHandle, 'strikes'>[]): number | undefined {
  const most = Math.max(0, ...parts.map(({ strikes }) => strikes ?? 0))
  return most === 0 && parts.some(({ strikes }) => strikes === undefined) ? undefined : most
}

function outageOf(code: RealFaultOf<'store-outage'>['code']): readonly ProxyFault[] {
  switch (code) {
    case 'store-unavailable':
      return [{ kind: 'refuse' }, { kind: 'reset' }]
    case 'store-busy':
      return [{ kind: 'fatal', sqlState: '53300' }, { kind: 'reset' }]
    case 'store-read-only':
      return [{ kind: 'read-only' }]
    case 'store-outcome-unknown':
      return [{ kind: 'reset-at-write', moment: 'answered', times: Number.MAX_SAFE_INTEGER }]
    default:
      return code satisfies never
  }
}
