import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFromBot, readToBot, toMessage } from '../../../src/supervisor/process-messages.ts'
import type { FromBot, ToBot } from '../../../src/supervisor/process-messages.ts'
import { botStatus } from './bot-status.ts'

const FROM_BOT: readonly FromBot[] = [
  { type: 'heartbeat', latenessMs: 12, status: botStatus(), pairingCode: 'ABCD-EFGH' },
  { type: 'answer', id: 1, answer: { status: 'done', result: { path: '/tmp/a', bytes: 12 } } },
  { type: 'answer', id: 2, answer: { status: 'refused', reason: 'already paired' } },
]
const TO_BOT: readonly ToBot[] = [
  { type: 'terminate' },
  { type: 'recycle' },
  { type: 'question', id: 3, question: 'snapshot' },
]

/** What a pipe of JSON makes of a message. */
function overThePipe(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message))
}

describe('messages between supervisor and bot', () => {
  it.each(FROM_BOT)('$type of the bot arrives as it was sent', (message) => {
    expect(readFromBot(overThePipe(toMessage(message)))).toEqual(message)
  })

  it.each(TO_BOT)('$type of the supervisor arrives as it was sent', (message) => {
    expect(readToBot(overThePipe(toMessage(message)))).toEqual(message)
  })

  it('of another version are not understood', () => {
    expect(readFromBot({ ...FROM_BOT[0], version: 2 })).toBeUndefined()
    expect(readToBot({ ...TO_BOT[0], version: 2 })).toBeUndefined()
  })

  it('are refused with a field missing, whichever it is', () => {
    for (const message of FROM_BOT) {
      for (const name of Object.keys(message).filter((each) => each !== 'pairingCode'))
        expect(readFromBot({ ...toMessage(message), [name]: undefined })).toBeUndefined()
    }
    expect(readToBot({ ...toMessage({ type: 'terminate' }), type: 'reboot' })).toBeUndefined()
    expect(readToBot({ version: 1, type: 'question', id: 1, question: 'format' })).toBeUndefined()
  })

  it('never throw, whatever arrives', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(() => [readFromBot(value), readToBot(value)]).not.toThrow()
      }),
    )
  })
})
