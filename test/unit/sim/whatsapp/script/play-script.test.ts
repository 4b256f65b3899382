import { describe, expect, it } from 'vitest'
import { playScript } from '../../../../../sim/whatsapp/script/play-script.ts'
import type { Chat, Stage } from '../../../../../sim/whatsapp/script/play-script.ts'
import { defineScript } from '../../../../../sim/whatsapp/script/script.ts'

const contacts = [{ name: 'Ada' }, { name: 'Ben' }]

describe('playing a script', () => {
  it('says each line at its time, and never before the step above has ended', async () => {
    const stage = new VirtualStage({ answerAfterMs: 300 })
    await play(stage, [
      { contact: 'Ada', says: 'one', expects: 're: one' },
      { contact: 'Ada', says: 'two', atMs: 100 },
      { contact: 'Ben', says: 'three', atMs: 1_000 },
    ])
    expect(stage.said).toEqual(['0 Ada one', '300 Ada two', '1000 Ben three'])
  })

  it('tells which expectations were met, and goes on after one that was not', async () => {
    const stage = new VirtualStage({ answerAfterMs: 300 })
    const results = await play(stage, [
      { contact: 'Ada', says: 'one', expects: 'nothing like it', withinMs: 500 },
      { contact: 'Ada', says: 'two', expects: 're: two', withinMs: 299 },
      { contact: 'Ada', says: 'three', expects: 're: three', withinMs: 300 },
    ])
    expect(results.map(({ isMet, tookMs }) => [isMet, tookMs])).toEqual([
      [false, 500],
      [false, 299],
      [true, 300],
    ])
  })

  it('lets each message of the bot serve one step only, in its own chat', async () => {
    const stage = new VirtualStage({ answerAfterMs: 0 })
    const results = await play(stage, [
      { contact: 'Ada', says: 'same', expects: 're: same' },
      { contact: 'Ada', expects: 're: same', withinMs: 50 },
      { contact: 'Ben', expects: 're: same', withinMs: 50 },
    ])
    expect(results.map(({ isMet }) => isMet)).toEqual([true, false, false])
  })
})

function play(stage: Stage, steps: object[]) {
  return playScript(defineScript({ contacts, steps } as never), stage, () => undefined)
}

/** A bot that answers `re: …` after a fixed time, in virtual time. */
class VirtualStage implements Stage {
  readonly said: string[] = []
  readonly #answerAfterMs: number
  readonly #answers: { atMs: number; chat: string; text: string }[] = []
  #nowMs = 0

  constructor({ answerAfterMs }: { answerAfterMs: number }) {
    this.#answerAfterMs = answerAfterMs
  }

  say(chat: Chat, text: string): Promise<void> {
    this.said.push(`${this.#nowMs} ${chat.contact} ${text}`)
    this.#answers.push({ atMs: this.#nowMs + this.#answerAfterMs, chat: chat.contact, text: `re: ${text}` })
    return Promise.resolve()
  }

  heard(chat: Chat): readonly string[] {
    return this.#answers
      .filter((answer) => answer.chat === chat.contact && answer.atMs <= this.#nowMs)
      .map((answer) => answer.text)
  }

  elapsedMs(): number {
    return this.#nowMs
  }

  wait(ms: number): Promise<void> {
    this.#nowMs += ms
    return Promise.resolve()
  }
}
