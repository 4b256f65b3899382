/**
 * The people who write to the bot: contacts and groups of the fake WhatsApp, drawn by seed, one command every so
 * often and the scenario's bursts. What is asked and what is read becomes `wa.queued` and `wa.sent`; a message counts
 * as sent when somebody has decrypted it.
 */

import type { FakeWhatsApp } from '../whatsapp/fake-whatsapp.ts'
import type { Account } from '../whatsapp/people/account.ts'
import type { Contact } from '../whatsapp/people/contact.ts'
import type { Group } from '../whatsapp/people/group.ts'
import type { ReceivedMessage } from '../whatsapp/people/inbox.ts'
import type { PrngStream } from '../world/prng.ts'
import type { RealPart } from '../scenario.ts'
import type { TraceData } from '../world/trace.ts'

export interface PeopleOptions {
  readonly whatsapp: FakeWhatsApp
  readonly account: Account
  readonly part: Pick<RealPart, 'workload' | 'messageEveryMs'>
  /** Nobody says anything new after so long. */
  readonly untilMs: number
  readonly stream: PrngStream
  record(kind: string, data: TraceData): void
  /** A message could not be sent: a fault of the lab. */
  onFailure(error: unknown): void
}

export class People {
  readonly #options: PeopleOptions
  readonly #contacts: readonly Contact[]
  readonly #groups: readonly Group[]
  readonly #timers = new Set<NodeJS.Timeout>()
  #asked = 0

  constructor(options: PeopleOptions) {
    const { whatsapp, account, part } = options
    this.#options = options
    this.#contacts = Array.from({ length: part.workload.directChats }, () => whatsapp.addContact())
    const [first] = this.#contacts
    this.#groups = Array.from({ length: part.workload.groups }, (_, index) =>
      whatsapp.addGroup({
        subject: `Group ${index + 1}`,
        participants: [...this.#contacts.slice(0, 5), account],
      }),
    )
    for (const contact of this.#contacts)
      contact.inbox.listen((message) => this.#read(message, contact, contact === first))
  }

  /** @param nowMs of the run; what was due before is left out */
  start(nowMs: number): void {
    const { part, untilMs, stream } = this.#options
    const { messageEveryMs, workload } = part
    for (let slotMs = 0; slotMs + messageEveryMs <= untilMs; slotMs += messageEveryMs) {
      const atMs = slotMs + stream.integer(0, messageEveryMs - 1)
      if (atMs >= nowMs && !isQuiet(workload, atMs)) this.#at(atMs - nowMs)
    }
    for (const burst of workload.bursts) {
      for (let index = 0; index < burst.count; index += 1)
        this.#at(Math.max(0, Math.floor(burst.atMs + (index * burst.forMs) / burst.count) - nowMs))
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #at(atMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#say()
    }, atMs)
    this.#timers.add(timer)
  }

  #say(): void {
    const { stream, account } = this.#options
    const token = (this.#asked += 1)
    const pick = stream.integer(0, this.#contacts.length + this.#groups.length - 1)
    const group = this.#groups[pick - this.#contacts.length]
    const writers = group === undefined ? this.#contacts : this.#contacts.slice(0, 5)
    const writer = group === undefined ? writers[pick] : writers[stream.integer(0, writers.length - 1)]
    if (writer === undefined) return
    const text = `.ping ${token}`
    this.#options.record('wa.queued', {
      chat: group?.jid ?? writer.jid,
      participant: writer.jid,
      text,
      isFromMe: false,
    })
    writer.say(text, { to: group ?? account }).catch((error: unknown) => this.#options.onFailure(error))
  }

  /** In a group everybody reads the same message; one of them tells. */
  #read({ id, chat, from, text, isOwn }: ReceivedMessage, reader: Contact, isFirst: boolean): void {
    const { account } = this.#options
    if (isOwn || from !== account.pn) return
    const isOfGroup = this.#groups.some(({ jid }) => jid === chat)
    if (isOfGroup && !isFirst) return
    this.#options.record('wa.sent', { id, chat: isOfGroup ? chat : reader.jid, text: text ?? '' })
  }
}

function isQuiet({ quiet }: RealPart['workload'], atMs: number): boolean {
  return quiet !== undefined && atMs >= quiet.atMs && atMs < quiet.atMs + quiet.forMs
}
