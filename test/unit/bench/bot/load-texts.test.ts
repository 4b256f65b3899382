import { describe, expect, it } from 'vitest'
import { countAnswered, textOf } from '../../../../bench/bot/load-texts.ts'

/** As the bot and its plugin answer. */
function answerTo(text: string): string | undefined {
  const [command, args = ''] = text.split(' ')
  if (command === '.ping') return `pong ${args}`
  const thrown = Array.from({ length: Number.parseInt(args, 10) }, () => 1)
  return command === '.dice' ? `${thrown.join(' + ')} = ${thrown.length}` : undefined
}

describe('under load', () => {
  it('every fifth text is a command, and every tenth of these the plugin’s', () => {
    const texts = Array.from({ length: 1_000 }, (_, index) => textOf(index, 1_000))
    expect(texts.filter((text) => text.startsWith('.'))).toHaveLength(200)
    expect(texts.filter((text) => text.startsWith('.dice'))).toHaveLength(20)
  })

  it('all commands count as answered when they are', () => {
    // Five people, of whom one throws dice every tenth round.
    const talks = Array.from({ length: 5 }, (_, person) => {
      const written = Array.from({ length: 90 }, (__, round) => textOf(round * 5 + person, 5))
      return { written, read: written.flatMap((text) => answerTo(text) ?? []) }
    })
    const { asked, answered } = countAnswered(talks)
    expect(answered).toBe(asked)
    expect(asked).toBe(90)
  })

  it('an answer that comes twice does not hide another one that is lost', () => {
    const written = ['.ping 5', '.ping 10', '.dice 2d6', '.dice 3d6', 'hello']
    expect(countAnswered([{ written, read: ['pong 5', 'pong 5', '1 + 2 = 3', '6 + 5 = 11'] }])).toEqual({
      asked: 4,
      answered: 2,
    })
  })

  it('an answer that somebody else has read is none', () => {
    const talks = [
      { written: ['.ping 5'], read: [] },
      { written: [], read: ['pong 5'] },
    ]
    expect(countAnswered(talks)).toEqual({ asked: 1, answered: 0 })
  })
})
