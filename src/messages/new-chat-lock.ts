/**
 * WhatsApp's reach-out time lock as the outbox minds it: while it lasts no new chat is begun, and chats that have
 * taken a reply of ours go on. When it should be over, one new chat tries alone, and the others wait for what becomes
 * of it. Times are monotonic ms. Surprising: a chat that this process has not served yet counts as new until `recall`
 * was told of the time before, which is asked for only when a lock begins: without one nobody needs to know.
 */

/** Chats remembered as known; beyond them the one known for longest becomes new again. */
export const MAX_KNOWN_CHATS = 5_000

export class NewChatLock {
  /** Latest last. */
  readonly #known = new Set<string>()
  /** Refused by this lock: whatever they took before it, they are new to it. */
  readonly #refused = new Set<string>()
  #isLocked = false
  #untilMs = 0

  /** Not before this may be sent to the chat; 0 when nothing is in the way. */
  notBeforeMs(chat: string): number {
    return this.#isLocked && !this.#known.has(chat) ? this.#untilMs : 0
  }

  /** A chat's message was refused: no new chat before `untilMs`, whatever was believed of this one. */
  refused(chat: string, untilMs: number): void {
    this.#known.delete(chat)
    addBounded(this.#refused, chat)
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
    if (!this.#isLocked) {
      this.#untilMs = 0
      this.#refused.clear()
    }
    addBounded(this.#known, chat)
  }

  /** Chats that took a message of ours before this process began, the latest first. */
  recall(chats: readonly string[]): void {
    const ofThisProcess = [...this.#known]
    const earlier = chats.filter((chat) => !this.#refused.has(chat)).toReversed()
    for (const chat of [...earlier, ...ofThisProcess]) addBounded(this.#known, chat)
  }
}

/** As the latest. */
function addBounded(chats: Set<string>, chat: string): void {
  chats.delete(chat)
  chats.add(chat)
  for (const oldest of chats) {
    if (chats.size <= MAX_KNOWN_CHATS) return
    chats.delete(oldest)
  }
}
