/** What of Baileys' own log reaches ours: fixed texts, never what is inside its objects. */

import { describe, expect, it } from 'vitest'
import { createBaileysLogger } from '../../../src/adapters/baileys-logger.ts'
import { AppError } from '../../../src/errors.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

describe("Baileys' logger", () => {
  it('passes on the text and the kind of error, and nothing else', () => {
    const logger = new RecordingLogger()
    const own = createBaileysLogger(logger)
    own.error(
      { err: new AppError('socket-closed', 'secret words'), key: 'AAAA' },
      'failed to decrypt message',
    )
    own.warn({ creds: { noiseKey: 'BBBB' } }, 'odd')
    own.info({ a: 1 }, 'info')
    own.debug({ a: 1 }, 'debug')
    own.trace({ a: 1 }, 'trace')
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        event: 'baileys.failed',
        fields: { says: 'failed to decrypt message', error: 'AppError', code: 'socket-closed' },
      },
      { level: 'debug', event: 'baileys.warned', fields: { says: 'odd', error: undefined, code: undefined } },
    ])
  })

  it('takes numbers and addresses out of the texts', () => {
    const logger = new RecordingLogger()
    createBaileysLogger(logger)
      .child({})
      .error('no session for 491701234567:3@s.whatsapp.net (3EB0123456789)')
    expect(logger.lines[0]?.fields['says']).toBe('no session for # (#)')
  })
})
