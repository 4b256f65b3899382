/** The stage of a script on the fake WhatsApp: its contacts and groups, and the account whose bot they talk to. */

import { setTimeout as delay } from 'node:timers/promises'
import type { Account } from '../people/account.ts'
import type { Contact } from '../people/contact.ts'
import type { Group } from '../people/group.ts'
import type { Chat, Stage } from './play-script.ts'
import type { Script } from './script.ts'

/** The part of the server that a stage is built on. */
export interface Casting {
  addContact(options: { readonly name: string; readonly phoneNumber?: string }): Contact
  addGroup(options: {
    readonly subject: string
    readonly participants: readonly (Account | Contact)[]
  }): Group
}

export class ServerStage implements Stage {
  readonly #account: Account
  readonly #contacts: ReadonlyMap<string, Contact>
  readonly #groups: ReadonlyMap<string, Group>
  readonly #signal: AbortSignal
  #startedAtMs = performance.now()

  /** Adds the script's contacts and groups. @throws Error when a phone number is taken */
  constructor(casting: Casting, account: Account, script: Script, signal: AbortSignal) {
    this.#account = account
    this.#signal = signal
    this.#contacts = new Map(
      script.contacts.map(({ name, phone }) => [
        name,
        casting.addContact({ name, ...(phone === undefined ? {} : { phoneNumber: phone }) }),
      ]),
    )
    this.#groups = new Map(
      script.groups.map(({ subject, members }) => {
        const participants = [account, ...members.map((name) => this.#contact(name))]
        return [subject, casting.addGroup({ subject, participants })]
      }),
    )
  }

  /** The script's time starts now. */
  begin(): void {
    this.#startedAtMs = performance.now()
  }

  async say({ contact, group }: Chat, text: string): Promise<void> {
    await this.#contact(contact).say(text, { to: group === undefined ? this.#account : this.#group(group) })
  }

  heard({ contact, group }: Chat): readonly string[] {
    const chat = group === undefined ? this.#account.jid : this.#group(group).jid
    return this.#contact(contact)
      .inbox.messages.filter((message) => message.chat === chat && message.from === this.#account.pn)
      .map((message) => message.text ?? '')
  }

  elapsedMs(): number {
    return performance.now() - this.#startedAtMs
  }

  async wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#signal })
  }

  #contact(name: string): Contact {
    const contact = this.#contacts.get(name)
    if (contact === undefined) throw new Error(`no contact is named "${name}"`)
    return contact
  }

  #group(subject: string): Group {
    const group = this.#groups.get(subject)
    if (group === undefined) throw new Error(`no group has the subject "${subject}"`)
    return group
  }
}
