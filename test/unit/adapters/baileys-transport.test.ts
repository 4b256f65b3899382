/** What is put around Baileys' WebSocket: guarded listeners, a close that ends, writes that wait for a commit. */

import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, it } from 'vitest'
import { BaileysTransport } from '../../../src/adapters/baileys-transport.ts'
import type { BaileysClient } from '../../../src/adapters/baileys-transport.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'

class FakeRaw extends EventEmitter {
  readyState = 1
  readonly calls: string[] = []
  readonly sent: string[] = []
  send(data: string): void {
    this.sent.push(data)
  }
  close(): void {
    this.readyState = 2
    this.calls.push('close')
  }
  terminate(): void {
    this.calls.push('terminate')
    this.readyState = 3
    this.emit('close')
  }
  pause(): void {
    this.calls.push('pause')
  }
  resume(): void {
    this.calls.push('resume')
  }
}

/** An async listener, as Baileys has them; its promise goes nowhere. */
const rejecting = (): unknown => Promise.reject(new Error('bad tag'))

describe('BaileysTransport', () => {
  let clock: ManualClock
  let raw: FakeRaw
  let client: BaileysClient & { socket: FakeRaw }
  let told: string[]
  const guard = (): BaileysTransport =>
    new BaileysTransport(client, {
      clock,
      closeGraceMs: 1_000,
      onClosing: () => told.push('closing'),
      onUpgradeRefused: (status) => told.push(`upgrade ${status}`),
      onCorruptFrame: () => told.push('corrupt'),
      onMessage: async (stanza, handle) => {
        told.push(`message ${stanza.attrs['id']}`)
        await handle(stanza)
      },
      onHandlerFailed: (event) => told.push(`failed ${event}`),
    })
  beforeEach(() => {
    clock = new ManualClock()
    raw = new FakeRaw()
    client = Object.assign(new EventEmitter(), { socket: raw, close: () => undefined })
    told = []
  })

  it('catches what Baileys’ listeners throw or reject, and says which kind of trouble it is', async () => {
    client.on('message', rejecting)
    client.on('CB:iq', () => {
      throw new Error('odd stanza')
    })
    client.on('CB:ack', rejecting)
    guard()
    for (const event of ['message', 'CB:iq', 'CB:ack']) client.emit(event)
    await settle()
    expect(told.toSorted()).toEqual(['corrupt', 'failed CB:ack', 'failed CB:iq'])
  })

  it('hands messages over, and hears of their failure', async () => {
    const heard: unknown[] = []
    client.on('CB:message', (stanza): unknown => {
      heard.push(stanza)
      return Promise.reject(new Error('odd stanza'))
    })
    guard()
    const stanza = { tag: 'message', attrs: { id: 'A' } }
    client.emit('CB:message', stanza)
    await settle()
    expect([heard, told]).toEqual([[stanza], ['message A', 'failed CB:message']])
  })

  it('keeps listeners in their order, with their arguments', () => {
    const heard: unknown[] = []
    client.on('x', (...values) => heard.push(1, ...values))
    client.on('x', (...values) => heard.push(2, ...values))
    guard()
    client.emit('x', 'a', 'b')
    expect(heard).toEqual([1, 'a', 'b', 2, 'a', 'b'])
  })

  it('reports an upgrade that was answered by plain HTTP', () => {
    guard()
    client.emit('unexpected-response', {}, { statusCode: 503 })
    expect(told).toEqual(['upgrade 503'])
  })

  it('closes in order when the server answers', async () => {
    guard()
    let isClosed = false
    const closing = Promise.resolve(client.close()).then(() => (isClosed = true))
    await clock.advance(900)
    expect(isClosed).toBe(false)
    raw.emit('close')
    await closing
    expect(raw.calls).toEqual(['resume', 'close'])
    expect(told).toEqual(['closing'])
    expect(clock.pendingLabels()).toEqual([])
  })

  it('cuts a close that nobody answers after its grace', async () => {
    guard()
    const closing = Promise.resolve(client.close())
    await clock.advance(1_000)
    await closing
    expect(raw.calls).toEqual(['resume', 'close', 'terminate'])
  })

  it('rejects what Baileys still waits for when it is let go, and then hears nothing more', () => {
    const transport = guard()
    const errors: unknown[] = []
    client.on('error', (error) => errors.push(error))
    client.on('message', () => told.push('heard'))
    transport.dispose()
    client.emit('message')
    client.emit('error', new Error('late'))
    expect(errors).toMatchObject([{ code: 'socket-closed' }])
    expect([told, raw.calls]).toEqual([[], ['terminate']])
  })

  it('holds what is sent until a commit, and lets it go in order', async () => {
    const transport = guard()
    const commit = Promise.withResolvers<void>()
    raw.send('before')
    transport.holdUntil(commit.promise)
    raw.send('reply')
    raw.send('next')
    await settle()
    expect(raw.sent).toEqual(['before'])
    commit.resolve()
    await settle()
    raw.send('after')
    expect(raw.sent).toEqual(['before', 'reply', 'next', 'after'])
  })

  it('sends nothing any more when the commit failed', async () => {
    const transport = guard()
    transport.holdUntil(Promise.reject(new Error('away')))
    raw.send('reply')
    await settle()
    expect(raw.sent).toEqual([])
  })
})
