import { DisconnectReason } from '@whiskeysockets/baileys'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CAUSE_RULES, causeOf } from '../../../src/connection/disconnect-cause.ts'
import type { ConnectionPhase, DisconnectCause } from '../../../src/connection/disconnect-cause.ts'

const PHASES: readonly ConnectionPhase[] = ['connecting', 'pairing', 'open']

function causeOfCode(
  statusCode: number | undefined,
  phase: ConnectionPhase = 'open',
  message = '',
): DisconnectCause {
  return causeOf({ statusCode, message }, { phase })
}

describe('causeOf', () => {
  it.each([
    [401, 'logged-out'],
    [402, 'account-restricted'],
    [403, 'forbidden'],
    [405, 'version-rejected'],
    [406, 'not-acceptable'],
    [411, 'multidevice-mismatch'],
    [428, 'connection-closed'],
    [440, 'connection-replaced'],
    [500, 'bad-session'],
    [503, 'service-unavailable'],
    [515, 'restart-required'],
    [undefined, 'unknown'],
    [400, 'unknown'],
    [0, 'unknown'],
  ] as const)('says of code %s: %s, in every phase', (code, cause) => {
    for (const phase of PHASES) expect(causeOfCode(code, phase)).toBe(cause)
  })

  it('knows each reason that Baileys gives', () => {
    const codes = Object.values(DisconnectReason).filter((value) => typeof value === 'number')
    expect(codes.length).toBeGreaterThanOrEqual(9)
    for (const code of codes) {
      for (const phase of PHASES) expect(causeOfCode(code, phase), `code ${code}`).not.toBe('unknown')
    }
  })

  it.each([
    ['Connection was lost', 'open', 'connection-lost'],
    ['Connection was lost', 'pairing', 'connection-lost'],
    ['Connection was lost', 'connecting', 'connection-lost'],
    ['QR refs attempts ended', 'pairing', 'qr-expired'],
    ['QR refs attempts ended', 'connecting', 'qr-expired'],
    ['WebSocket Error (connect ECONNREFUSED)', 'connecting', 'timed-out'],
    ['Timed Out', 'connecting', 'timed-out'],
    ['', 'pairing', 'qr-expired'],
    ['', 'open', 'connection-lost'],
  ] as const)('tells the meanings of 408 apart: "%s" while %s is %s', (message, phase, cause) => {
    expect(causeOfCode(408, phase, message)).toBe(cause)
  })

  it('has a rule for whatever comes', () => {
    fc.assert(
      fc.property(
        fc.option(fc.oneof(fc.integer({ min: 0, max: 999 }), fc.double()), { nil: undefined }),
        fc.string(),
        fc.constantFrom(...PHASES),
        (code, message, phase) => {
          expect(CAUSE_RULES[causeOfCode(code, phase, message)]).toBeDefined()
        },
      ),
    )
  })
})

describe('CAUSE_RULES', () => {
  it('never retries what an attempt could only make worse', () => {
    const terminal = Object.entries(CAUSE_RULES).flatMap(([cause, rule]) => (rule === 'halt' ? [cause] : []))
    expect(terminal).toEqual([401, 402, 403, 406, 411].map((code) => causeOfCode(code)))
  })

  it('retries a bad session and the unknown', () => {
    expect([CAUSE_RULES['bad-session'], CAUSE_RULES.unknown]).toEqual(['retry', 'retry'])
  })
})
