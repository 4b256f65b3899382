/**
 * Each command is answered once in effect, and where it was asked; one marked `once` runs once. The lab's
 * commands carry a number that the answer repeats, so the judgement needs nothing from the bot: a second
 * message with another id and the same number is a double answer; the same id again is the same message to
 * WhatsApp and harmless.
 */

import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'

export class AnsweredOnceChecker extends Checker {
  /** By the command's number. */
  readonly #chats = new Map<string, string>()
  readonly #replyIds = new Map<string, string>()
  readonly #replyTexts = new Map<string, string>()
  readonly #ran = new Set<string>()

  constructor() {
    super('answered-at-most-once')
  }

  observe({ atMs, kind, data }: TraceEvent): void {
    if (kind === 'wa.queued') {
      const token = commandToken(textOf(data, 'text'))
      if (token !== undefined) this.#chats.set(token, textOf(data, 'chat'))
    }
    if (kind === 'log.once.ran') this.#onceRan(textOf(data, 'command'), atMs)
    if (kind !== 'wa.sent') return
    const id = textOf(data, 'id')
    const text = textOf(data, 'text')
    const earlierText = this.#replyTexts.get(id)
    if (earlierText !== undefined && earlierText !== text) {
      this.broken(atMs, `message ${id} was first "${earlierText}" and is now "${text}"`)
    }
    this.#replyTexts.set(id, text)
    const token = answeredToken(text)
    if (token !== undefined) this.#answered(token, id, textOf(data, 'chat'), atMs)
  }

  #onceRan(token: string, atMs: number): void {
    if (this.#ran.has(token)) this.broken(atMs, `command ${token}, marked once, ran again`)
    this.#ran.add(token)
  }

  #answered(token: string, id: string, chat: string, atMs: number): void {
    const askedIn = this.#chats.get(token)
    if (askedIn === undefined) this.broken(atMs, `command ${token} was answered and never asked`)
    else if (askedIn !== chat) this.broken(atMs, `command ${token} of ${askedIn} was answered in ${chat}`)
    const earlierId = this.#replyIds.get(token)
    if (earlierId === undefined) this.#replyIds.set(token, id)
    else if (earlierId !== id)
      this.broken(atMs, `command ${token} was answered twice, by ${earlierId} and ${id}`)
  }
}

/** The number of the command that this text answers. */
export function answeredToken(replyText: string): string | undefined {
  return /^(?:pong|done) (\S+)$/.exec(replyText)?.[1]
}

/** The number that a command of the workload carries. */
export function commandToken(text: string): string | undefined {
  return /^\.(?:ping|once) (\S+)$/.exec(text)?.[1]
}

/** Whether the command is one that must not run twice. */
export function isOnceCommand(text: string): boolean {
  return text.startsWith('.once ')
}
