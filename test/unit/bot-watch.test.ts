/** Watching the bot's ports: what is counted, when the database counts as reachable, and that nothing changes. */

import { beforeEach, describe, expect, it } from 'vitest'
import type { BotPorts } from '../../src/bot-ports.ts'
import { BotWatch } from '../../src/bot-watch.ts'
import { AppError } from '../../src/errors.ts'
import type { ErrorCode } from '../../src/errors.ts'
import type { ConnectOptions, InboundMessage, WhatsappSocket } from '../../src/ports/whatsapp-socket.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { botStatus } from './health/health-bench.ts'

const FRESH_MS = 2 * 15_000 + 20_000

/** A store whose private field breaks when a method is called on anything but itself. */
class Store {
  #failure: ErrorCode | undefined
  #answer: Promise<unknown> | undefined

  fails(code: ErrorCode | undefined): void {
    this.#failure = code
  }

  hangs(answer: Promise<unknown>): void {
    this.#answer = answer
  }

  readLease(): Promise<unknown> {
    if (this.#answer !== undefined) return this.#answer
    return this.#failure === undefined
      ? Promise.resolve(1)
      : Promise.reject(new AppError(this.#failure, 'no'))
  }

  commit(): Promise<unknown> {
    return this.readLease()
  }
}

let clock: ManualClock
let store: Store
let watch: BotWatch
let options: ConnectOptions | undefined

beforeEach(() => {
  clock = new ManualClock()
  store = new Store()
  const socket = { send: () => Promise.resolve(), end: () => Promise.resolve() } as unknown as WhatsappSocket
  const connector = { connect: (given: ConnectOptions) => ((options = given), socket) }
  const prepareStore = (): Promise<unknown> => store.readLease()
  const ports = {
    clock,
    prepareStore,
    sessionStore: store,
    messageJournal: store,
    connector,
  } as unknown as BotPorts
  watch = new BotWatch(ports, { leaseRenewIntervalMs: 15_000, leasePollIntervalMs: 5_000 })
})

async function ask(code?: ErrorCode): Promise<void> {
  store.fails(code)
  await watch.ports.sessionStore.readLease().catch(() => undefined)
}

describe('the database', () => {
  it('is not reachable before it has answered', async () => {
    expect(watch.report().database.isReachable).toBe(false)
    await ask()
    expect(watch.report().database).toMatchObject({ isReachable: true, lastAnswerAtMs: clock.nowMs() })
  })

  it.each([
    'store-unavailable',
    'store-busy',
    'store-denied',
    'store-read-only',
    'store-outcome-unknown',
  ] as const)('is away after %s, until it answers again', async (code) => {
    await ask()
    await ask(code)
    expect(watch.report().database).toMatchObject({ isReachable: false, failure: code })
    await ask()
    expect(watch.report().database).toMatchObject({ isReachable: true, failure: undefined })
  })

  it.each(['store-corrupt', 'store-broken', 'encryption-key-missing'] as const)(
    'has answered when it says %s',
    async (code) => {
      await ask(code)
      expect(watch.report().database.isReachable).toBe(true)
    },
  )

  it('says why it could not be prepared', async () => {
    store.fails('store-denied')
    await watch.ports.prepareStore?.().catch(() => undefined)
    expect(watch.report().database).toMatchObject({ isReachable: false, failure: 'store-denied' })
  })

  it('is away when it hangs for longer than the lease can wait', async () => {
    await ask()
    store.hangs(new Promise(() => undefined))
    void watch.ports.sessionStore.readLease()
    await clock.advance(FRESH_MS)
    expect(watch.report().database.isReachable).toBe(true)
    await clock.advance(1)
    expect(watch.report().database.isReachable).toBe(false)
  })
})

describe('the counters', () => {
  it('count statements, commits, their failures and their time', async () => {
    await ask()
    const slow = Promise.withResolvers<unknown>()
    store.hangs(slow.promise)
    const commit = watch.ports.sessionStore.commit({ epoch: 1, sequence: 1, nowMs: 0 })
    await clock.advance(250)
    slow.reject(new AppError('store-unavailable', 'gone'))
    await expect(commit).rejects.toThrow('gone')
    await settle()
    expect(watch.report().counters).toMatchObject({
      storeCalls: 2,
      storeFailures: 1,
      sessionWrites: 1,
      sessionWriteFailures: 1,
      sessionWriteMs: 250,
    })
  })

  it('count attempts, opens, messages both ways and their acks', async () => {
    const accepted: InboundMessage[] = []
    const message = { id: '1' } as InboundMessage
    const socket = watch.ports.connector.connect({
      accept: (each: InboundMessage) => (accepted.push(each), Promise.resolve()),
      onEvent: () => undefined,
    } as unknown as ConnectOptions)
    await socket.send({ id: 'a', chat: 'c', text: 't' })
    options?.onEvent({ type: 'open' })
    options?.onEvent({ type: 'ack', messageId: 'a', errorCode: undefined })
    options?.onEvent({ type: 'ack', messageId: 'b', errorCode: 479 })
    await options?.accept(message)
    expect(accepted).toEqual([message])
    expect(watch.report()).toMatchObject({
      counters: {
        connectAttempts: 1,
        connectionsOpened: 1,
        messagesSent: 1,
        messagesReceived: 1,
        messagesConfirmed: 1,
        messagesRefused: 1,
      },
      lastMessageAtMs: clock.nowMs(),
    })
  })

  it('count each disconnect once, by its cause', () => {
    const { connection } = botStatus()
    const states = ['open', 'ending', 'ending', 'waiting', 'connecting', 'ending'] as const
    for (const state of states) watch.connectionChanged({ ...connection, state, cause: 'timed-out' })
    watch.connectionChanged({ ...connection, state: 'open' })
    watch.connectionChanged({ ...connection, state: 'ending', cause: undefined })
    expect(watch.report().counters.disconnects).toEqual({ 'timed-out': 2 })
  })
})

it('hands on the very promise that the port gave', () => {
  const answer = Promise.resolve()
  store.hangs(answer)
  expect(watch.ports.sessionStore.readLease()).toBe(answer)
})
