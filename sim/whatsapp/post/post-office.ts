/**
 * Carries what clients send to the devices it is meant for: messages device by device, receipts to the devices
 * of whose message they are about. It opens nothing. The sender's own device gets no copy; every other device
 * of a group's members does, which is what makes the phone see what its linked devices send.
 */

import { addressingOf, isGroupJid, parseJid } from '../directory/jid.ts'
import { childOf, childrenOf, secondsNow, stanza } from '../wire/stanza.ts'
import { envelopeFor, receiptFor } from './envelope.ts'
import type { Chat } from './envelope.ts'
import type { Device, Directory, GroupRecord, Person } from '../directory/directory.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { TruthLedger } from '../truth-ledger.ts'

/** Attributes of a message that pass from sender to recipient as they are. */
const PASSED_ATTRS = ['id', 'type', 'edit', 'category']
/** Children that every recipient gets beside its own ciphertext. */
const PASSED_CHILDREN = ['device-identity', 'meta', 'reporting', 'tctoken']

export class PostOffice {
  readonly #directory: Directory
  readonly #truth: TruthLedger
  /** Who ever wrote to whom. */
  readonly #readers = new Map<Person, Set<Person>>()

  constructor(needs: { readonly directory: Directory; readonly truth: TruthLedger }) {
    this.#directory = needs.directory
    this.#truth = needs.truth
  }

  /** Takes a `<message>` from a client to all whom it names. */
  takeMessage(sender: Device, message: Stanza): void {
    const to = message.attrs['to']
    this.#truth.noteSent(sender, message)
    const group = isGroupJid(to) ? this.#directory.groups.get(to) : undefined
    if (group !== undefined) this.#takeGroupMessage(sender, message, group)
    else if (!isGroupJid(to)) this.#takeDirectMessage(sender, message)
  }

  /** Puts a message into one device's hands. `content` is its ciphertext and what else goes with it. */
  handOver(
    sender: Device,
    recipient: Device,
    chat: Chat,
    message: { readonly attrs: Readonly<Record<string, string | undefined>>; readonly content: Stanza[] },
  ): void {
    const envelope = envelopeFor(sender, recipient, chat)
    const readers = this.#readers.get(sender.person) ?? new Set()
    this.#readers.set(sender.person, readers.add(recipient.person))
    const isPeer = message.attrs['category'] === 'peer'
    const { recipient: forChat, ...withoutChat } = envelope
    const attrs = isPeer ? withoutChat : { ...withoutChat, recipient: forChat }
    recipient.deliver(stanza('message', { ...attrs, t: secondsNow(), ...message.attrs }, message.content))
  }

  /** Whether the jid is a person who has never written to `person`. */
  isStranger(person: Person, jid: string | undefined): boolean {
    const other = this.#directory.person(jid)
    if (other === undefined || other === person) return false
    return this.#readers.get(other)?.has(person) !== true
  }

  /** Everybody with whom the person has exchanged a message. */
  acquaintancesOf(person: Person): Set<Person> {
    const writers = [...this.#readers].filter(([, readers]) => readers.has(person)).map(([writer]) => writer)
    return new Set([...writers, ...(this.#readers.get(person) ?? [])])
  }

  /** Takes a `<receipt>` from a client to the devices of whose message it is about. */
  takeReceipt(sender: Device, receipt: Stanza): void {
    const { to, participant, recipient } = receipt.attrs
    const group = isGroupJid(to) ? this.#directory.groups.get(to) : undefined
    const authorJid = group === undefined ? to : participant
    const author = this.#directory.person(authorJid)
    this.#truth.noteReceipt(sender, receipt)
    if (author === undefined) return
    const chat = this.#chatOfReceipt(group, author, recipient, authorJid)
    const attrs = {
      ...receiptFor(sender, chat, author, receipt.attrs['type'] === 'retry'),
      id: receipt.attrs['id'],
      type: receipt.attrs['type'],
      t: secondsNow(),
    }
    for (const device of this.#receiversOf(sender, author, receipt, authorJid)) {
      device.deliver(stanza('receipt', attrs, receipt.content))
    }
  }

  /** Every device of every member but the one given. */
  devicesOf(group: GroupRecord, except: Device): Device[] {
    return [...group.members.keys()]
      .flatMap((person) => [...person.devices.values()])
      .filter((device) => device !== except)
  }

  #takeGroupMessage(sender: Device, message: Stanza, group: GroupRecord): void {
    const chat: Chat = { kind: 'group', group }
    const passed = passedChildren(message)
    const own = childrenOf(message, 'enc')
    const only = this.#directory.device(message.attrs['participant'])
    if (only !== undefined) {
      this.handOver(sender, only, chat, { attrs: passedAttrs(message), content: [...own, ...passed] })
      return
    }
    const keys = new Map(
      childrenOf(childOf(message, 'participants'), 'to').map((to) => [
        this.#directory.device(to.attrs['jid']),
        childrenOf(to, 'enc'),
      ]),
    )
    for (const device of this.devicesOf(group, sender)) {
      const content = [...(keys.get(device) ?? []), ...own, ...passed]
      this.handOver(sender, device, chat, { attrs: passedAttrs(message), content })
    }
  }

  #takeDirectMessage(sender: Device, message: Stanza): void {
    const to = message.attrs['to']
    const chatWith = this.#directory.person(message.attrs['recipient'] ?? to)
    if (chatWith === undefined) return
    const chat: Chat = { kind: 'direct', with: chatWith, addressing: addressingOf(to) }
    const passed = passedChildren(message)
    const attrs = passedAttrs(message)
    const own = childrenOf(message, 'enc')
    const only = own.length === 0 ? undefined : this.#directory.device(to)
    if (only !== undefined) this.handOver(sender, only, chat, { attrs, content: [...own, ...passed] })
    for (const each of childrenOf(childOf(message, 'participants'), 'to')) {
      const device = this.#directory.device(each.attrs['jid'])
      if (device === undefined || device === sender) continue
      this.handOver(sender, device, chat, { attrs, content: [...childrenOf(each, 'enc'), ...passed] })
    }
  }

  #chatOfReceipt(
    group: GroupRecord | undefined,
    author: Person,
    recipient: string | undefined,
    authorJid: string | undefined,
  ): Chat {
    if (group !== undefined) return { kind: 'group', group }
    const chatWith = this.#directory.person(recipient) ?? author
    return { kind: 'direct', with: chatWith, addressing: addressingOf(authorJid) }
  }

  /** A retry concerns the one device that sent; delivery and reading concern all that the author has. */
  #receiversOf(sender: Device, author: Person, receipt: Stanza, authorJid: string | undefined): Device[] {
    if (receipt.attrs['type'] === 'retry') {
      const device = author.devices.get(parseJid(authorJid)?.device ?? 0)
      return device === undefined || device === sender ? [] : [device]
    }
    return [...author.devices.values()].filter((device) => device !== sender)
  }
}

function passedAttrs(message: Stanza): Record<string, string | undefined> {
  return Object.fromEntries(PASSED_ATTRS.map((name) => [name, message.attrs[name]]))
}

function passedChildren(message: Stanza): Stanza[] {
  return PASSED_CHILDREN.flatMap((tag) => childrenOf(message, tag))
}
