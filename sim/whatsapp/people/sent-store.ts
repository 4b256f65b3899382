/** What a device has sent lately, by id, so that it can send it again. Forgets the oldest beyond 10,000. */

import type { Chat } from '../post/envelope.ts'
import type { MessageContent } from './sealed-mail.ts'

const KEPT_MESSAGES = 10_000

export interface SentMessage {
  readonly chat: Chat
  readonly content: MessageContent
}

export class SentStore {
  readonly #messages = new Map<string, SentMessage>()

  add(id: string, message: SentMessage): void {
    this.#messages.set(id, message)
    if (this.#messages.size <= KEPT_MESSAGES) return
    const oldest = this.#messages.keys().next().value
    if (oldest !== undefined) this.#messages.delete(oldest)
  }

  get(id: string): SentMessage | undefined {
    return this.#messages.get(id)
  }
}
