import { describe, expect, it } from 'vitest'
import { parseLine } from '../../../../sim/real/dyno-watch.ts'

describe('a line of the app’s output', () => {
  it('is an event when it is a JSON object with one', () => {
    expect(parseLine('{"level":"info","time":"now","event":"bot.started","n":1}')).toEqual({
      level: 'info',
      event: 'bot.started',
      n: 1,
    })
  })

  it.each(['hello', '', '{', '{"level":"info"}', '[1]', '{"event":5}', 'null', '\u0000\ufffd'])(
    'is none: %j',
    (text) => {
      expect(parseLine(text)).toBeUndefined()
    },
  )
})
