/** The lines of the log, and what must not be in them. */

import { describe, expect, it } from 'vitest'
import { PinoLogger } from '../../../src/adapters/pino-logger.ts'
import type { LogLevel } from '../../../src/adapters/pino-logger.ts'

function loggerWithLines(level: LogLevel = 'debug'): { logger: PinoLogger; lines: string[] } {
  const lines: string[] = []
  return { lines, logger: new PinoLogger({ level, destination: { write: (line) => void lines.push(line) } }) }
}

describe('PinoLogger', () => {
  it('writes one line an event: level, time, event, fields', () => {
    const { logger, lines } = loggerWithLines()
    logger.info('connection.closed', { cause: 'timed-out', attempt: 3, names: ['a', 'b'], isOpen: false })
    logger.warn('connection.lost')
    expect(lines).toHaveLength(2)
    expect(lines[0]?.endsWith('\n')).toBe(true)
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      event: 'connection.closed',
      cause: 'timed-out',
      attempt: 3,
      names: ['a', 'b'],
      isOpen: false,
    })
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ level: 'warn', event: 'connection.lost' })
  })

  it.each<[LogLevel, string[]]>([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ])('leaves out what is below %s', (level, expected) => {
    const { logger, lines } = loggerWithLines(level)
    logger.debug('a')
    logger.info('a')
    logger.warn('a')
    logger.error('a')
    expect(lines.map((line) => /"level":"(\w+)"/.exec(line)?.[1])).toEqual(expected)
  })

  it("keeps the line's own fields when an event has fields of the same name", () => {
    const { logger, lines } = loggerWithLines()
    logger.info('memory.level', { level: 'emergency', time: 5, event: 'x' })
    expect(lines[0]?.match(/"level":/g)).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      event: 'memory.level',
      level_: 'emergency',
      time_: 5,
      event_: 'x',
    })
  })

  it.each([
    [{ password: 'hush-hush' }],
    [{ databaseUrl: 'hush-hush' }],
    [{ reason: 'cannot reach postgres://anna:hush-hush@db.example/bot' }],
    [{ reason: 'cannot reach postgres://hush-hush@db.example/bot' }],
    [{ reason: 'cannot reach postgres://anna:hush/hush@hush-hush@db.example/bot' }],
    [{ chats: ['hush-hush@s.whatsapp.net', 'hush-hush@g.us'] }],
    [{ reason: 'no session for hush-hush:12@lid' }],
  ])('keeps secrets out: %o', (fields) => {
    const { logger, lines } = loggerWithLines()
    logger.error('store.failed', fields)
    expect(lines[0]).toContain('***')
    expect(lines[0]).not.toContain('hush-hush')
  })
})
