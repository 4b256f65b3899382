/**
 * What a simulated person has read: one entry a message, whichever of the person's devices opened it, with
 * waiting for the next one. Bounded; the oldest are forgotten first.
 */

import { BoundedList } from '../bounded-list.ts'
import type { MessageContent } from './sealed-mail.ts'

const KEPT_MESSAGES = 100_000
const DEFAULT_TIMEOUT_MS = 10_000
/** Node's timers take no more, and fire at once when given more. */
const MAX_TIMEOUT_MS = 2_147_483_647

export interface ReceivedMessage {
  readonly id: string
  /** The chat as this person sees it: a group, or the other person by phone number. */
  readonly chat: string
  /** The writer by phone number. */
  readonly from: string
  /** Number of the device that it was written on. */
  readonly fromDevice: number
  /** True for what another device of this very person wrote. */
  readonly isOwn: boolean
  readonly kind: string
  readonly text: string | undefined
  readonly content: MessageContent
  readonly atMs: number
  /** Devices of this person that opened it, in order; a device stands twice when it got it twice. */
  readonly openedBy: number[]
}

type Predicate = (message: ReceivedMessage) => boolean

interface Waiter {
  readonly matches: Predicate
  readonly resolve: (message: ReceivedMessage) => void
  readonly fail: (error: Error) => void
}

export class Inbox {
  readonly #list = new BoundedList<ReceivedMessage>(KEPT_MESSAGES)
  readonly #byKey = new Map<string, ReceivedMessage>()
  readonly #waiters = new Set<Waiter>()
  readonly #listeners: ((message: ReceivedMessage) => void)[] = []

  /** Everything read, oldest first. */
  get messages(): ReceivedMessage[] {
    return this.#list.toArray()
  }

  get length(): number {
    return this.#list.length
  }

  /** Is told each message once, as it is read. */
  listen(listener: (message: ReceivedMessage) => void): void {
    this.#listeners.push(listener)
  }

  add(message: ReceivedMessage): void {
    const key = `${message.chat}/${message.from}/${message.id}`
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      known.openedBy.push(...message.openedBy)
      return
    }
    this.#byKey.set(key, message)
    const oldest = this.#byKey.size > KEPT_MESSAGES ? this.#byKey.keys().next().value : undefined
    if (oldest !== undefined) this.#byKey.delete(oldest)
    this.#list.push(message)
    for (const listener of this.#listeners) listener(message)
    for (const waiter of this.#waiters) {
      if (!waiter.matches(message)) continue
      this.#waiters.delete(waiter)
      waiter.resolve(message)
    }
  }

  /**
   * The first message that matches, had or still to come.
   * @param wanted a text to equal, or a test
   * @throws Error when none has come after `timeoutMs` (10 s), or the server is closed meanwhile
   */
  async waitFor(
    wanted: string | Predicate,
    { timeoutMs = DEFAULT_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
  ): Promise<ReceivedMessage> {
    const matches: Predicate =
      typeof wanted === 'string' ? (message) => message.text === wanted : (message) => wanted(message)
    const had = this.#list.find(matches)
    if (had !== undefined) return had
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        matches,
        resolve: (message) => {
          clearTimeout(timer)
          resolve(message)
        },
        fail: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      const timer = setTimeout(
        () => {
          this.#waiters.delete(waiter)
          const what = typeof wanted === 'string' ? `"${wanted}"` : 'a message that matches'
          reject(new Error(`${what} did not arrive within ${timeoutMs} ms (${this.length} others did)`))
        },
        Math.min(timeoutMs, MAX_TIMEOUT_MS),
      )
      this.#waiters.add(waiter)
    })
  }

  /** Whoever still waits, waits in vain, and must not keep the process for it. */
  close(): void {
    for (const waiter of this.#waiters) waiter.fail(new Error('the fake WhatsApp was closed while waiting'))
    this.#waiters.clear()
  }
}
