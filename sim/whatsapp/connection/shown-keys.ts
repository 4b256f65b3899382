/** The server's keys as a client is shown them: with a flawed certificate while that fault is in force. */

import { makeCertificate } from '../wire/certificates.ts'
import type { NoiseKeys } from '../wire/noise.ts'
import type { ServerWorld } from './server-world.ts'

export function shownKeys(world: ServerWorld): NoiseKeys {
  const keys = world.noiseKeys()
  const bad = world.faults.strike('bad-certificate', undefined)
  if (bad === undefined) return keys
  const flaws = bad.flaw === 'untrusted-root' ? { isUntrusted: true } : { issuerSerial: 7 }
  return { ...keys, certificate: makeCertificate(keys.staticKey.public, flaws) }
}
