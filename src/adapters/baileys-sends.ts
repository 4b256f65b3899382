/**
 * Messages on their way out over one connection: whether anybody can be reached, and whose confirmation came.
 * Surprising: Baileys writes a message without recipients when its question for their devices got no answer, and
 * the server confirms that, too. So the devices are asked for first (Baileys then finds them in its cache), a
 * message that reached nobody counts as not sent, and the confirmation of such a one is not passed on.
 */

import { areJidsSameUser, isJidGroup, isLidUser, jidNormalizedUser } from '@whiskeysockets/baileys'
import type { BinaryNode, GroupMetadata, WASocket } from '@whiskeysockets/baileys'
import { AsyncLocalStorage } from 'node:async_hooks'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { OutgoingMessage } from '../ports/whatsapp-socket.ts'
import { withDeadline } from '../timing.ts'
import { outsideTransactions } from './baileys-context.ts'
import type { OwnIdentity } from './baileys-inbound.ts'
import { askProbe } from './baileys-probe.ts'

export interface SendsDeps {
  readonly clock: Clock
  readonly probeTimeoutMs: number
  me(): OwnIdentity | undefined
  groupMetadata(group: string): Promise<GroupMetadata>
  /** Resolves when the messages that have come so far are handled. */
  untilHandled(): Promise<void>
  onAck(messageId: string, errorCode: number | undefined): void
}

/** One send, known to everything that happens on its behalf. */
interface SendUnderWay {
  readonly chat: string
  isReached: boolean
}

/** Ids whose confirmation means nothing; an old one is hardly confirmed any more. */
const MAX_UNREACHED = 500

export class BaileysSends {
  readonly #deps: SendsDeps
  readonly #current = new AsyncLocalStorage<SendUnderWay>()
  readonly #probes = new Map<string, () => void>()
  readonly #unreached = new Set<string>()

  constructor(deps: SendsDeps) {
    this.#deps = deps
  }

  /** Takes the confirmations that come on this connection. */
  listen(ws: WASocket['ws']): void {
    ws.on('CB:ack,class:message', ({ attrs }: BinaryNode) => {
      if (attrs['id'] !== undefined) this.#acked(attrs['id'], attrs['error'])
    })
  }

  /** @throws AppError `timed-out` when no device of the chat could be asked for; else Baileys' error */
  async send(sock: WASocket, { id, chat, text }: OutgoingMessage): Promise<void> {
    await this.#assertReachable(sock, chat)
    const send: SendUnderWay = { chat, isReached: false }
    const content = { text, linkPreview: null }
    this.#unreached.delete(id)
    await outsideTransactions(() =>
      this.#current.run(send, () => sock.sendMessage(chat, content, { messageId: id })),
    )
    if (send.isReached) return
    this.#noteUnreached(id)
    throw nobodyError()
  }

  /** @throws AppError `timed-out` */
  async probe(sock: WASocket): Promise<void> {
    const { clock, probeTimeoutMs } = this.#deps
    let probeId: string | undefined
    const probe = askProbe(sock, (messageId) => {
      probeId = messageId
      return new Promise((resolve) => this.#probes.set(messageId, resolve))
    }).then(() => this.#deps.untilHandled())
    try {
      await withDeadline(clock, 'whatsapp.probe', probeTimeoutMs, probe)
    } finally {
      if (probeId !== undefined) this.#probes.delete(probeId)
    }
  }

  /** A ciphertext for this device, or group, is about to leave, on behalf of the send that is under way here. */
  noteRecipient(recipient: string): void {
    const send = this.#current.getStore()
    // Our own other devices get a copy of each message, which reaches nobody else.
    if (send !== undefined && (!this.#isOurs(recipient) || this.#isOurs(send.chat))) send.isReached = true
  }

  /** The server's word on a message. */
  #acked(messageId: string, error: string | undefined): void {
    const probe = this.#probes.get(messageId)
    if (probe !== undefined) return probe()
    if (this.#unreached.delete(messageId)) return
    this.#deps.onAck(messageId, error === undefined ? undefined : Number(error))
  }

  async #assertReachable(sock: WASocket, chat: string): Promise<void> {
    if (this.#isOurs(chat)) return
    const users = isJidGroup(chat)
      ? (await this.#deps.groupMetadata(chat)).participants.map(({ id }) => id)
      : [this.#ownNameFor(chat), chat]
    if (users.every((user) => this.#isOurs(user))) return
    // The very question that Baileys asks next, so that it is asked once.
    const devices = await outsideTransactions(() => sock.getUSyncDevices(users, true, false))
    if (!devices.some(({ jid }) => !this.#isOurs(jid))) throw nobodyError()
  }

  /** Baileys calls us by the kind of name that the chat goes by. */
  #ownNameFor(chat: string): string {
    const me = this.#deps.me()
    return jidNormalizedUser(isLidUser(chat) === true && me?.lid ? me.lid : me?.id)
  }

  #noteUnreached(messageId: string): void {
    this.#unreached.add(messageId)
    for (const oldest of this.#unreached) {
      if (this.#unreached.size <= MAX_UNREACHED) return
      this.#unreached.delete(oldest)
    }
  }

  #isOurs(jid: string): boolean {
    const me = this.#deps.me()
    return areJidsSameUser(jid, me?.id) || areJidsSameUser(jid, me?.lid)
  }
}

function nobodyError(): AppError {
  return new AppError('timed-out', 'no device of the chat is known')
}
