import { describe, expect, it } from 'vitest'
import { closedEvent } from '../../../../sim/whatsapp/wire/farewell.ts'
import { stanza } from '../../../../sim/whatsapp/wire/stanza.ts'

const FAREWELL = stanza('stream:error', { code: '503' })

describe('the end of a connection', () => {
  it('is the client’s when the server neither closed nor said farewell', () => {
    expect(closedEvent(1, undefined, undefined)).toMatchObject({ by: 'client', begunAgoMs: undefined })
  })

  it('began with the farewell or the close, whichever was first', () => {
    const nowMs = performance.now()
    const said = closedEvent(1, nowMs - 100, { stanza: FAREWELL, atMs: nowMs - 300 })
    expect(said).toMatchObject({ by: 'server', statusCode: 503, message: 'stream:error' })
    expect(said.begunAgoMs).toBeGreaterThanOrEqual(300)
    expect(closedEvent(1, nowMs - 100, undefined).begunAgoMs).toBeGreaterThanOrEqual(100)
    expect(
      closedEvent(1, undefined, { stanza: FAREWELL, atMs: nowMs - 200 }).begunAgoMs,
    ).toBeGreaterThanOrEqual(200)
  })
})
