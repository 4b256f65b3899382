/**
 * WhatsApp's reach-out time lock as the outbox minds it: while it lasts no new chat is begun, and chats that have
 * taken a reply of ours go on. When it should be over, one new chat tries alone, and the others wait for what becomes
 * of it. Times are monotonic ms. Surprising: what is known is this process's own knowledge, so after a restart every
 * chat is new until it has taken a reply; that costs a wait, and only while a lock lasts.
 */

/** Chats remembered as known; beyond them the one known for longest becomes new again. */
const MAX_KNOWN_CHATS = 5_000

export class NewChatLock {
  readonly #known = new Set<string>()
  #isLocked = false
  #untilMs = 0

  /** Not before this may be sent to the chat; 0 when nothing is in the way. */
  notBeforeMs(chat: string): number {
    return this.#isLocked && !this.#known.has(chat) ? this.#untilMs : 0
  }

  /** A chat's message was refused: no new chat before `untilMs`, whatever was believed of this one. */
  refused(chat: string, untilMs: number): void {
    this.#known.delete(chat)
    this.#isLocked = true
    this.#untilMs = Math.max(this.#untilMs, untilMs)
  }

  /** Something was sent to the chat, whose outcome is known by `outcomeByMs`. */
  sent(chat: string, outcomeByMs: number): void {
    if (this.#isLocked && !this.#known.has(chat)) this.#untilMs = Math.max(this.#untilMs, outcomeByMs)
  }

  /** A chat has taken a message of ours. */
  taken(chat: string): void {
    // A new one that went through is the proof that the lock is over.
    if (!this.#known.has(chat)) this.#isLocked = false
    if (!this.#isLocked) this.#untilMs = 0
    this.#known.delete(chat)
    this.#known.add(chat)
    for (const oldest of this.#known) {
      if (this.#known.size <= MAX_KNOWN_CHATS) return
      this.#known.delete(oldest)
    }
  }
}
