/**
 * Which of the lab's commands has its answer, and how long the slowest one took. An answer counts in the chat
 * where its command was asked. The surprise: of a command marked `once` whose fate is unknown the bot says
 * just that, without the number; it counts as the answer to the oldest such command of the chat.
 */

import { REPLY_TEXTS } from '../../src/messages/message-text.ts'
import { answeredToken, commandToken, isOnceCommand } from './message-checker.ts'

interface Question {
  readonly token: string
  readonly chat: string
  readonly isOnce: boolean
  readonly askedAtMs: number
}

export class AnswerBook {
  /** Waits count from here on; from nowhere while the faults last. */
  #countsFromMs = Infinity
  /** Without an answer yet, by number, in the order asked. */
  readonly #open = new Map<string, Question>()
  #count = 0
  /** Of the answers after `countsFromMs`: the longest wait, counted from the later of question and that time. */
  #slowestMs = 0

  /** The faults are over. */
  countFrom(atMs: number): void {
    this.#countsFromMs = atMs
  }

  /** Commands asked so far. */
  get count(): number {
    return this.#count
  }

  asked(chat: string, text: string, atMs: number): void {
    const token = commandToken(text)
    if (token === undefined) return
    this.#count += 1
    this.#open.set(token, { token, chat, isOnce: isOnceCommand(text), askedAtMs: atMs })
  }

  sent(chat: string, text: string, atMs: number): void {
    const question = this.#answeredBy(chat, text)
    if (question === undefined) return
    this.#open.delete(question.token)
    if (atMs > this.#countsFromMs) this.#slowestMs = Math.max(this.#slowestMs, this.#waited(question, atMs))
  }

  /** What is late by the deadline, in words; undefined when nothing is. */
  lateness(withinMs: number, endMs: number): string | undefined {
    const late = [...this.#open.values()].filter((question) => this.#waited(question, endMs) > withinMs)
    if (late.length > 0) return `${late.length} commands were never answered, first ${late[0]?.token ?? ''}`
    return this.#slowestMs > withinMs
      ? `the slowest answer took ${this.#slowestMs} ms, not within ${withinMs} ms`
      : undefined
  }

  #answeredBy(chat: string, text: string): Question | undefined {
    if (UNKNOWN_FATES.has(text)) {
      for (const question of this.#open.values())
        if (question.isOnce && question.chat === chat) return question
    }
    const question = this.#open.get(answeredToken(text) ?? '')
    return question?.chat === chat ? question : undefined
  }

  #waited({ askedAtMs }: Question, untilMs: number): number {
    return untilMs - Math.max(askedAtMs, this.#countsFromMs)
  }
}

const UNKNOWN_FATES: ReadonlySet<string> = new Set([REPLY_TEXTS.unknown, REPLY_TEXTS.timedOutOnce])
