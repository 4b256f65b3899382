/**
 * A linked device that is logged in: its queries are answered, its messages acknowledged and carried, its
 * acknowledgements strike what waits for it off the list.
 */

import { isGroupJid, jidOf } from '../directory/jid.ts'
import { routeQuery, toReply } from '../queries/query-router.ts'
import { nameOf, refusal } from '../queries/query.ts'
import { stepOf } from '../signal/step-ledger.ts'
import { addressOf } from '../truth-ledger.ts'
import { SERVER, bytesOf, childOf, childrenOf, idsOf, secondsNow, stanza } from '../wire/stanza.ts'
import type { DeviceLink, LinkedDevice } from '../directory/linked-device.ts'
import type { Moment } from '../faults/fault.ts'
import type { Stanza } from '../wire/stanza.ts'
import type { ServerWorld } from './server-world.ts'

/** Clients bring it at their next connection, so that the same part of the server may take them. */
const ROUTING = 'fake'

/** The query by which a client says that it is ready for what waited. */
const BECOMES_ACTIVE = 'passive/set/active'

/** What a session needs of its connection. */
export interface SessionLink extends DeviceLink {
  /** The client has come so far; faults may wait for it. */
  reached(moment: Moment): void
}

export interface SessionNeeds {
  readonly link: SessionLink
  readonly device: LinkedDevice
  readonly world: ServerWorld
}

export class DeviceSession {
  readonly device: LinkedDevice
  readonly #link: SessionLink
  readonly #world: ServerWorld

  constructor({ link, device, world }: SessionNeeds) {
    this.#link = link
    this.device = device
    this.#world = world
  }

  begin(): void {
    const { device } = this
    device.attach(this.#link)
    const lid = jidOf(device.person, 'lid', device.number)
    this.#link.send(stanza('success', { t: secondsNow(), lid, location: 'fake', abprops: '1' }))
    const routing = stanza('routing_info', {}, Buffer.from(ROUTING))
    this.#link.send(stanza('ib', { from: SERVER }, [stanza('edge_routing', {}, [routing])]))
    this.#link.reached('login')
  }

  end(): void {
    this.device.detach(this.#link)
  }

  take(incoming: Stanza): void {
    switch (incoming.tag) {
      case 'iq':
        this.#takeIq(incoming)
        break
      case 'message':
        this.#takeMessage(incoming)
        break
      case 'receipt':
        this.#takeReceipt(incoming)
        break
      case 'ack':
        this.#takeAck(incoming)
        break
      case 'presence':
      case 'chatstate':
        this.#takePresence(incoming)
        break
      default:
        // Clients also tell of sessions and calls; nothing follows from it.
        break
    }
  }

  #takeIq(iq: Stanza): void {
    const { type } = iq.attrs
    if (type === 'result' || type === 'error') return
    const name = nameOf(iq)
    const fate = this.#world.sessionFaults.fateOfQuery(name, addressOf(this.device))
    if (fate.kind === 'ignore') return
    if (fate.kind === 'refuse') {
      this.#link.send(toReply(iq, refusal(fate.code, fate.text)))
      return
    }
    const { reply, afterwards } = routeQuery(iq, this.device, this.#world)
    this.#link.send(reply)
    afterwards?.()
    if (name === BECOMES_ACTIVE) this.#link.reached('open')
  }

  #takeMessage(message: Stanza): void {
    this.#noteSteps(message)
    const { id, to } = message.attrs
    const isToStranger = this.#world.postOffice.isStranger(this.device.person, to)
    const fate = this.#world.sessionFaults.fateOfMessage(addressOf(this.device), isToStranger)
    const ack = { class: 'message', id, from: to, t: secondsNow() }
    if (fate.kind === 'refuse') {
      this.#link.send(stanza('ack', { ...ack, error: String(fate.code) }))
      return
    }
    if (fate.isAcknowledged) this.#link.send(stanza('ack', ack))
    this.#world.postOffice.takeMessage(this.device, message)
  }

  /** A receipt of any kind but a request to send again says that the message has arrived. */
  #takeReceipt(receipt: Stanza): void {
    const { id, to, type } = receipt.attrs
    this.#link.send(stanza('ack', { class: 'receipt', id, from: to, type }))
    if (type !== 'retry') for (const each of idsOf(receipt)) this.device.mailbox.settle('message', each)
    this.#world.postOffice.takeReceipt(this.device, receipt)
  }

  #takeAck(ack: Stanza): void {
    this.device.mailbox.settle(ack.attrs['class'] ?? '', ack.attrs['id'])
    this.#world.truth.noteAck(this.device, ack)
  }

  #takePresence(presence: Stanza): void {
    const { type } = presence.attrs
    if (presence.tag === 'presence' && (type === 'available' || type === 'unavailable')) {
      this.device.presence = type
    }
    this.#world.truth.notePresence(this.device, presence)
  }

  #noteSteps(message: Stanza): void {
    const { id = '', to = '' } = message.attrs
    const sender = addressOf(this.device)
    for (const enc of childrenOf(message, 'enc')) this.#noteStep(enc, `${sender}>${this.#keyHolder(to)}`, id)
    for (const each of childrenOf(childOf(message, 'participants'), 'to')) {
      const between = `${sender}>${this.#keyHolder(each.attrs['jid'] ?? '')}`
      for (const enc of childrenOf(each, 'enc')) this.#noteStep(enc, between, id)
    }
  }

  #noteStep(enc: Stanza, between: string, id: string): void {
    const ciphertext = bytesOf(enc)
    const step = stepOf(enc.attrs['type'], ciphertext, between)
    if (step !== undefined) this.#world.truth.steps.note(step, ciphertext, id)
  }

  #keyHolder(jid: string): string {
    const device = isGroupJid(jid) ? undefined : this.#world.directory.device(jid)
    return device === undefined ? jid : addressOf(device)
  }
}
