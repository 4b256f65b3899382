/** What the bot is told about the end of a connection: every shape in which Baileys reports one. */

import { describe, expect, it } from 'vitest'
import { closeReportOf, statusCodeOf, upgradeRefused } from '../../../src/adapters/baileys-close-report.ts'
import { causeOf } from '../../../src/connection/disconnect-cause.ts'

/** As @hapi/boom makes them. */
function boom(message: string, statusCode: number): Error {
  return Object.assign(new Error(message), { isBoom: true, output: { statusCode, payload: {}, headers: {} } })
}

describe('closeReportOf', () => {
  it.each([
    ['our own end', undefined, undefined, 'end'],
    ['a query rejected with the close code of the WebSocket', 1006, 428, 'Connection Terminated'],
    ['no Boom at all', new RangeError('offset'), undefined, 'offset'],
    ['a Boom', boom('Stream Errored (conflict)', 440), 440, 'Stream Errored (conflict)'],
    [
      'a refused TCP connection',
      boom('WebSocket Error (ECONNREFUSED)', 408),
      408,
      'WebSocket Error (ECONNREFUSED)',
    ],
    [
      "somebody's HTTP status in the place of a code",
      boom('WebSocket Error (Unexpected)', 403),
      undefined,
      'WebSocket Error (Unexpected)',
    ],
  ])('%s', (_case, error, statusCode, message) => {
    expect(closeReportOf(error)).toEqual({ statusCode, message })
  })

  it('lets the three meanings of 408 be told apart', () => {
    const causes = ['QR refs attempts ended', 'Connection was lost', 'Request Time-out'].map((message) =>
      causeOf(closeReportOf(boom(message, 408)), { phase: 'connecting' }),
    )
    expect(causes).toEqual(['qr-expired', 'connection-lost', 'timed-out'])
  })
})

describe('upgradeRefused', () => {
  it('never reads a code of WhatsApp into an HTTP status', () => {
    expect([401, 403, 405, 500, 502].map((status) => upgradeRefused(status).statusCode)).toEqual([
      undefined,
      undefined,
      undefined,
      503,
      503,
    ])
  })
})

describe('statusCodeOf', () => {
  it('is undefined for everything that is no Boom', () => {
    const others = [undefined, null, 7, {}, { output: 1 }, { output: { statusCode: 'x' } }, new Error('e')]
    expect(others.map(statusCodeOf)).toEqual(others.map(() => undefined))
  })
})
