/**
 * What every implementation of the WhatsApp socket port does, in whatever time it lives: the order of events, what
 * is acknowledged when, what the end does to what is under way, and which end is reported as which cause.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { causeOf } from '../../src/connection/disconnect-cause.ts'
import type { DisconnectCause } from '../../src/connection/disconnect-cause.ts'
import { errorCodeOf } from '../../src/errors.ts'
import type {
  CloseReport,
  InboundMessage,
  SocketEvent,
  WhatsappSocket,
} from '../../src/ports/whatsapp-socket.ts'

/** Ends that the server brings about on an open connection. */
export type OpenEnd =
  'transport-closed' | 'restart' | 'conflict' | 'unlinked' | 'unavailable' | 'stream-error'
/** What the server answers to a login. */
export type LoginEnd = 401 | 403 | 405 | 503 | 'tcp-refused'

/** One account, one contact, and the bot's process with its stored session. */
export interface SocketWorld {
  /** Credentials of a device that is linked already are stored. */
  link(): void | Promise<void>
  /** A new socket on the stored session. */
  connect(bot: {
    accept(message: InboundMessage): Promise<void>
    onEvent(event: SocketEvent): void
  }): Promise<WhatsappSocket>
  /** The phone scans what is shown. */
  scan(qr: string): void | Promise<void>
  /** The contact's address. */
  readonly contact: string
  /** The contact writes to the bot. */
  say(text: string): void | Promise<void>
  /** Texts of the bot that the contact has got, each message once, in order. */
  heard(): readonly string[]
  /** The account's phone answers from now on what the bot sends, or is off. It is on at first. */
  phone(is: 'on' | 'off'): void
  /** The owner writes to the contact, on the phone or on another device that is linked beside the bot. */
  ownerSays(text: string, on: 'phone' | 'other-device'): void | Promise<void>
  /** Messages to the bot that the server still keeps. */
  unacked(): number
  endOpen(how: OpenEnd): void | Promise<void>
  refuseLogins(how: LoginEnd): void | Promise<void>
  /** Refuses the bot's messages with this code. */
  refuseMessages(code: number): void | Promise<void>
  /** The present connection delivers nothing any more; `mute`: what the bot sends is not confirmed either. */
  deafen(how: 'acknowledging' | 'mute'): void | Promise<void>
  /** Nothing goes either way any more, not even a close. */
  blackHole(): void | Promise<void>
  /** Key writes from now on. */
  keyWrites(how: 'commit' | 'hang' | 'fail'): void
  /** The world's wall clock. */
  nowMs(): number
  /** Lets time pass until the condition holds; @throws Error when it does not in good time */
  until(what: string, holds: () => boolean): Promise<void>
  /** Lets so much time pass that whatever is under way has come to pass. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** The bot's side of one connection, with all that it hears in the order in which it does. */
class Life {
  readonly heard: string[] = []
  readonly accepted: string[] = []
  readonly reports: CloseReport[] = []
  /** By WhatsApp's clock, ms. */
  readonly phoneSigns: number[] = []
  qr = ''
  accept: (message: InboundMessage) => Promise<void> = () => Promise.resolve()
  #socket: WhatsappSocket | undefined
  readonly #world: SocketWorld

  constructor(world: SocketWorld) {
    this.#world = world
  }

  get socket(): WhatsappSocket {
    if (this.#socket === undefined) throw new Error('not connected')
    return this.#socket
  }

  async connect(): Promise<this> {
    this.#socket = await this.#world.connect({
      accept: (message) => {
        this.heard.push(`accept ${message.text} ${message.kind}`)
        this.accepted.push(message.text)
        return this.accept(message)
      },
      onEvent: (event) => this.#hear(event),
    })
    return this
  }

  async opened(): Promise<this> {
    await this.connect()
    await this.untilHeard('open')
    return this
  }

  untilHeard(entry: string): Promise<void> {
    return this.#world.until(`hearing "${entry}" after ${this.heard.join(', ')}`, () =>
      this.heard.includes(entry),
    )
  }

  get closes(): number {
    return this.reports.length
  }

  async closed(): Promise<CloseReport> {
    await this.#world.until(`closed after ${this.heard.join(', ')}`, () => this.closes > 0)
    return this.reports[0] ?? { statusCode: undefined, message: '' }
  }

  /** Lets time pass until the end is through. */
  async end(): Promise<void> {
    let isThrough = false
    void this.socket.end().then(() => (isThrough = true))
    await this.#world.until('ended', () => isThrough)
  }

  /** Does not wait; the outcome is heard. */
  note(what: string, work: Promise<void>): void {
    work.then(
      () => this.heard.push(`${what} done`),
      (error: unknown) => this.heard.push(`${what} ${errorCodeOf(error) ?? 'failed'}`),
    )
  }

  #hear(event: SocketEvent): void {
    switch (event.type) {
      case 'qr':
        this.qr = event.text
        this.heard.push('qr')
        return
      case 'open':
        this.heard.push('open')
        return
      case 'ack':
        this.heard.push(`ack ${event.messageId} ${event.errorCode ?? 'taken'}`)
        return
      case 'phone-seen':
        this.phoneSigns.push(event.atMs)
        return
      case 'close':
        this.heard.push('close')
        this.reports.push(event.report)
    }
  }
}

const ENDS: readonly (readonly [OpenEnd, DisconnectCause])[] = [
  ['transport-closed', 'connection-closed'],
  ['restart', 'restart-required'],
  ['conflict', 'connection-replaced'],
  ['unlinked', 'logged-out'],
  ['unavailable', 'service-unavailable'],
  ['stream-error', 'bad-session'],
]
const REFUSALS: readonly (readonly [LoginEnd, DisconnectCause])[] = [
  [401, 'logged-out'],
  [403, 'forbidden'],
  [405, 'version-rejected'],
  [503, 'service-unavailable'],
  ['tcp-refused', 'timed-out'],
]

export function describeWhatsappSocket(name: string, makeWorld: () => Promise<SocketWorld>): void {
  describe(`WhatsApp socket: ${name}`, () => {
    let world: SocketWorld
    let lives: Life[]
    const newLife = (): Life => {
      const life = new Life(world)
      lives.push(life)
      return life
    }
    beforeEach(async () => {
      world = await makeWorld()
      lives = []
    })
    afterEach(() => world.close())

    const linked = async (): Promise<Life> => {
      await world.link()
      return newLife().opened()
    }

    describe('pairing', () => {
      it('shows a QR, asks for a restart once it is scanned, and is open after that without one', async () => {
        const first = await newLife().connect()
        await first.untilHeard('qr')
        await world.scan(first.qr)
        expect(causeOf(await first.closed(), { phase: 'pairing' })).toBe('restart-required')
        const second = await newLife().opened()
        // What the phone tells a new device about itself may come even before.
        expect(second.heard.filter((entry) => !entry.startsWith('accept'))).toEqual(['open'])
      })
    })

    describe('messages in', () => {
      it('are acknowledged after the bot has accepted them, and not before', async () => {
        const life = await linked()
        const thinking = Promise.withResolvers<void>()
        life.accept = () => thinking.promise
        await world.say('hello')
        await life.untilHeard('accept hello notify')
        await world.settle()
        expect(world.unacked()).toBe(1)
        thinking.resolve()
        await world.until('acknowledged', () => world.unacked() === 0)
      })

      it('come in order', async () => {
        const life = await linked()
        const texts = ['one', 'two', 'three', 'four']
        for (const text of texts) await world.say(text)
        await world.until('all accepted', () => life.accepted.length === 4)
        expect(life.accepted).toEqual(texts)
      })

      it('that waited come as `append`, and are acknowledged alike', async () => {
        const before = await linked()
        await before.end()
        await world.say('waited')
        const life = await newLife().opened()
        await life.untilHeard('accept waited append')
        await world.until('acknowledged', () => world.unacked() === 0)
        expect(life.accepted).toEqual(['waited'])
      })

      it('that the bot does not accept stay, and come again on the next connection', async () => {
        const life = await linked()
        life.accept = () => Promise.reject(new Error('not now'))
        await world.say('again')
        await life.untilHeard('accept again notify')
        await world.settle()
        await life.end()
        expect(world.unacked()).toBe(1)
        const next = await newLife().opened()
        await world.until('accepted again', () => next.accepted.includes('again'))
        await world.until('acknowledged', () => world.unacked() === 0)
      })

      it('whose key cannot be written stay, too', async () => {
        const life = await linked()
        world.keyWrites('fail')
        await world.say('kept')
        await world.settle()
        await life.end()
        world.keyWrites('commit')
        expect(world.unacked()).toBe(1)
        const next = await newLife().opened()
        await world.until('accepted', () => next.accepted.includes('kept'))
        await world.until('acknowledged', () => world.unacked() === 0)
      })
    })

    describe('messages out', () => {
      it('resolve when written, and are confirmed by an event', async () => {
        const life = await linked()
        life.note('sent', life.socket.send({ id: '3EB0A1', chat: world.contact, text: 'hello' }))
        await life.untilHeard('sent done')
        await life.untilHeard('ack 3EB0A1 taken')
        await world.until('heard', () => world.heard().length > 0)
        expect(world.heard()).toEqual(['hello'])
      })

      it('sent again under the same id are the same message, on another connection, too', async () => {
        const life = await linked()
        const message = { id: '3EB0A2', chat: world.contact, text: 'once' }
        for (let round = 0; round < 2; round += 1) life.note(`sent ${round}`, life.socket.send(message))
        await life.untilHeard('sent 1 done')
        await world.until(
          'confirmed',
          () => life.heard.filter((entry) => entry.startsWith('ack')).length === 2,
        )
        await life.end()
        const next = await newLife().opened()
        next.note('sent', next.socket.send(message))
        await next.untilHeard('ack 3EB0A2 taken')
        await world.settle()
        expect(world.heard()).toEqual(['once'])
      })

      it('that the server refuses are confirmed with its code', async () => {
        const life = await linked()
        await world.refuseMessages(479)
        life.note('sent', life.socket.send({ id: '3EB0A3', chat: world.contact, text: 'refused' }))
        await life.untilHeard('ack 3EB0A3 479')
        expect(world.heard()).toEqual([])
      })

      it('do not leave before their step of the ratchet is committed', async () => {
        const life = await linked()
        // With a chat that is new, other writes would hang before it comes to that.
        life.note('first', life.socket.send({ id: '3EB0B4', chat: world.contact, text: 'in time' }))
        await life.untilHeard('ack 3EB0B4 taken')
        world.keyWrites('hang')
        life.note('sent', life.socket.send({ id: '3EB0A4', chat: world.contact, text: 'too early' }))
        await world.settle()
        expect(life.heard).not.toContain('sent done')
        await life.end()
        await world.settle()
        expect(world.heard()).toEqual(['in time'])
      })

      it('are refused while the socket is not open', async () => {
        await world.link()
        const life = await newLife().connect()
        const message = { id: '3EB0A5', chat: world.contact, text: 'x' }
        await expect(life.socket.send(message)).rejects.toMatchObject({ code: 'socket-closed' })
        await life.untilHeard('open')
        await life.end()
        await expect(life.socket.send(message)).rejects.toMatchObject({ code: 'socket-closed' })
        await expect(life.socket.ping()).rejects.toMatchObject({ code: 'socket-closed' })
        await expect(life.socket.probe()).rejects.toMatchObject({ code: 'socket-closed' })
      })
    })

    describe('the phone', () => {
      it('is seen when it answers what the bot sends, and not while it is off', async () => {
        const life = await linked()
        await world.settle()
        const before = life.phoneSigns.length
        world.phone('off')
        life.note('first', life.socket.send({ id: '3EB0C1', chat: world.contact, text: 'one' }))
        await world.until('heard', () => world.heard().includes('one'))
        await world.settle()
        expect(life.phoneSigns).toHaveLength(before)
        world.phone('on')
        life.note('second', life.socket.send({ id: '3EB0C2', chat: world.contact, text: 'two' }))
        await world.until('seen', () => life.phoneSigns.length > before)
        expect(Math.abs((life.phoneSigns.at(-1) ?? 0) - world.nowMs())).toBeLessThan(60_000)
      })

      it('is seen when it answers a probe', async () => {
        const life = await linked()
        await world.settle()
        const before = life.phoneSigns.length
        life.note('probe', life.socket.probe())
        await life.untilHeard('probe done')
        await world.until('seen', () => life.phoneSigns.length > before)
        expect(world.heard()).toEqual([])
      })

      it('is seen when its owner writes on it, and not when a contact or another device does', async () => {
        const life = await linked()
        await world.settle()
        const before = life.phoneSigns.length
        await world.say('hello')
        // It gets a copy of what other devices send, too, and would confirm it.
        world.phone('off')
        await world.ownerSays('on the desk', 'other-device')
        await world.until('both accepted', () => life.accepted.length === 2)
        await world.settle()
        expect(life.phoneSigns).toHaveLength(before)
        await world.ownerSays('in the pocket', 'phone')
        await world.until('seen', () => life.phoneSigns.length > before)
      })
    })

    describe('questions', () => {
      it('are answered', async () => {
        const life = await linked()
        life.note('ping', life.socket.ping())
        life.note('probe', life.socket.probe())
        await life.untilHeard('ping done')
        await life.untilHeard('probe done')
        expect(world.heard()).toEqual([])
      })
    })

    describe('a deaf connection', () => {
      it('confirms and answers what the bot sends, and delivers neither messages nor the phone', async () => {
        const life = await linked()
        await world.settle()
        const before = life.phoneSigns.length
        await world.deafen('acknowledging')
        await world.say('unheard')
        life.note('sent', life.socket.send({ id: '3EB0E1', chat: world.contact, text: 'hello?' }))
        life.note('probe', life.socket.probe())
        life.note('ping', life.socket.ping())
        for (const entry of ['ack 3EB0E1 taken', 'probe done', 'ping done']) await life.untilHeard(entry)
        await world.until('heard', () => world.heard().includes('hello?'))
        await world.settle()
        expect([life.accepted, life.phoneSigns.length - before, life.closes]).toEqual([[], 0, 0])
      })

      it('that is mute answers pings and confirms nothing', async () => {
        const life = await linked()
        await world.settle()
        await world.deafen('mute')
        await world.say('unheard')
        life.note('sent', life.socket.send({ id: '3EB0E2', chat: world.contact, text: 'hello?' }))
        life.note('probe', life.socket.probe())
        life.note('ping', life.socket.ping())
        await life.untilHeard('ping done')
        await world.until('heard', () => world.heard().includes('hello?'))
        await world.settle()
        expect(life.heard).not.toContain('ack 3EB0E2 taken')
        expect([life.heard.includes('probe done'), life.accepted, life.closes]).toEqual([false, [], 0])
      })

      it('is followed by one that is well and brings what was missed, the phone included', async () => {
        const deaf = await linked()
        await world.settle()
        await world.deafen('acknowledging')
        await world.say('missed')
        deaf.note('probe', deaf.socket.probe())
        await deaf.untilHeard('probe done')
        await world.settle()
        await deaf.end()
        const next = await newLife().opened()
        await next.untilHeard('accept missed append')
        await world.until('phone seen', () => next.phoneSigns.length > 0)
        await world.say('and now')
        await next.untilHeard('accept and now notify')
        expect([deaf.accepted, next.accepted]).toEqual([[], ['missed', 'and now']])
      })
    })

    describe('the end', () => {
      it('of our own is reported once, without a code, and may be asked for twice', async () => {
        const life = await linked()
        life.note('first', life.socket.end())
        life.note('second', life.socket.end())
        await life.untilHeard('first done')
        await life.untilHeard('second done')
        await life.end()
        await world.settle()
        expect(life.reports).toEqual([{ statusCode: undefined, message: 'end' }])
        expect(causeOf(life.reports[0] ?? { statusCode: 0, message: '' }, { phase: 'open' })).toBe('unknown')
      })

      it('rejects what is under way before it is reported, and nothing is heard after it but what is late', async () => {
        const life = await linked()
        world.keyWrites('hang')
        life.note('send', life.socket.send({ id: '3EB0A6', chat: world.contact, text: 'x' }))
        await world.settle()
        await world.endOpen('transport-closed')
        await life.closed()
        expect(life.heard).toEqual(['open', 'send socket-closed', 'close'])
      })

      it('comes in bounded time from a connection that has become a black hole', async () => {
        const life = await linked()
        await world.blackHole()
        life.note('end', life.socket.end())
        await life.untilHeard('end done')
        expect(life.closes).toBe(1)
      })

      it('before the connection is through leaves nothing behind', async () => {
        await world.link()
        const life = await newLife().connect()
        await life.end()
        await world.settle()
        expect(life.heard).toEqual(['close'])
      })

      it.each(ENDS)('by the server: %s is %s', async (how, cause) => {
        const life = await linked()
        await world.endOpen(how)
        expect(causeOf(await life.closed(), { phase: 'open' })).toBe(cause)
        await world.settle()
        expect(life.closes).toBe(1)
      })

      it.each(REFUSALS)('at the login: %s is %s', async (how, cause) => {
        await world.link()
        await world.refuseLogins(how)
        const life = await newLife().connect()
        expect(causeOf(await life.closed(), { phase: 'connecting' })).toBe(cause)
        expect(life.heard).toEqual(['close'])
      })
    })
  })
}
