/**
 * The people of a sweep: one addressed by phone number, one by LID, both in a group with the bot, and now and then a
 * newcomer. Each command has a number, and each answer that anybody reads is counted under it, for the whole sweep:
 * a second answer counts however late it comes.
 */

import type { FakeWhatsApp } from '../whatsapp/fake-whatsapp.ts'
import type { Account } from '../whatsapp/people/account.ts'
import type { Contact } from '../whatsapp/people/contact.ts'
import type { Group } from '../whatsapp/people/group.ts'

export type AskKind = 'phone-number' | 'lid' | 'group' | 'newcomer'
const EVERYDAY: readonly AskKind[] = ['phone-number', 'lid', 'group']
const ANSWER = /^pong (\d+)$/

export class SweepPeople {
  readonly #whatsapp: FakeWhatsApp
  readonly #account: Account
  readonly #anna: Contact
  readonly #ben: Contact
  readonly #group: Group
  /** Command → how often each who should read its answer has read it. */
  readonly #asked = new Map<number, Map<Contact, number>>()
  readonly #owed = new Set<number>()
  readonly #repeated = new Set<number>()
  readonly #onFailure: (error: unknown) => void
  #count = 0
  #turn = 0

  /** @param onFailure a message could not be sent: a failure of the lab */
  constructor(whatsapp: FakeWhatsApp, account: Account, onFailure: (error: unknown) => void) {
    this.#whatsapp = whatsapp
    this.#account = account
    this.#onFailure = onFailure
    this.#anna = this.#listenTo(whatsapp.addContact({ name: 'Anna' }))
    this.#ben = this.#listenTo(whatsapp.addContact({ name: 'Ben', addressing: 'lid' }))
    this.#group = whatsapp.addGroup({ subject: 'Friends', participants: [this.#anna, this.#ben, account] })
  }

  /** Number of the newest command. */
  get newest(): number {
    return this.#count
  }

  /** The next of the everyday ways to write to the bot, in turn. */
  askNext(): void {
    this.ask(EVERYDAY[(this.#turn += 1) % EVERYDAY.length] ?? 'group')
  }

  /** One command of each of them. */
  askAll(): void {
    for (const kind of EVERYDAY) this.ask(kind)
  }

  ask(kind: AskKind): void {
    switch (kind) {
      case 'phone-number':
        return this.#say(this.#anna, [this.#anna], this.#account)
      case 'lid':
        return this.#say(this.#ben, [this.#ben], this.#account)
      case 'group': {
        const writer = this.#count % 2 === 0 ? this.#anna : this.#ben
        return this.#say(writer, [this.#anna, this.#ben], this.#group)
      }
      case 'newcomer': {
        const newcomer = this.#listenTo(
          this.#whatsapp.addContact({ addressing: this.#count % 2 === 0 ? 'pn' : 'lid' }),
        )
        return this.#say(newcomer, [newcomer], this.#account)
      }
      default:
        return kind satisfies never
    }
  }

  /** Commands whose answer somebody has not read yet. */
  get owed(): readonly number[] {
    return [...this.#owed]
  }

  /** Commands whose answer somebody has read twice, since the last call. */
  takeRepeated(): readonly number[] {
    const repeated = [...this.#repeated]
    this.#repeated.clear()
    return repeated
  }

  #say(writer: Contact, readers: readonly Contact[], to: Account | Group): void {
    const number = (this.#count += 1)
    this.#asked.set(number, new Map(readers.map((reader) => [reader, 0])))
    this.#owed.add(number)
    writer.say(`.ping ${number}`, { to }).catch((error: unknown) => this.#onFailure(error))
  }

  #listenTo(contact: Contact): Contact {
    contact.inbox.listen(({ from, isOwn, text }) => {
      if (isOwn || from !== this.#account.pn) return
      const number = Number(ANSWER.exec(text ?? '')?.[1])
      const times = this.#asked.get(number)
      const before = times?.get(contact)
      if (times === undefined || before === undefined) return
      times.set(contact, before + 1)
      if (before > 0) this.#repeated.add(number)
      if (![...times.values()].includes(0)) this.#owed.delete(number)
    })
    return contact
  }
}
