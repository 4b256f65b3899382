import { describe, expect, it } from 'vitest'
import { settle } from '../../support/manual-clock.ts'
import { inbound, KeeperBench, never, outgoing, rejectionOf, storeAway } from './keeper-bench.ts'

describe('a replaced socket', () => {
  it('is ended before the next is made, and nothing it says later counts', async () => {
    const bench = new KeeperBench()
    const old = await bench.startOpen()
    await bench.drop(428)
    expect(old.ends).toBe(1)
    await bench.reopen()
    const status = bench.keeper.status()
    old.close(401)
    old.open()
    old.qr()
    old.ack('out-1')
    await settle()
    expect(bench.keeper.status()).toEqual(status)
    expect(bench.acks).toEqual([])
    await expect(old.options.accept(inbound())).rejects.toMatchObject({ code: 'socket-closed' })
    expect(bench.accepted).toEqual([])
  })

  it('acknowledges nothing that it was still working on when it died', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    const work = Promise.withResolvers<void>()
    bench.onAccept = () => work.promise
    const accepting = socket.options.accept(inbound())
    const outcome = rejectionOf(accepting)
    await bench.lease({ status: 'none' })
    work.resolve()
    expect(await outcome).toBe('socket-closed')
    expect(bench.accepted).toHaveLength(1)
  })

  it('is left behind when its end hangs', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    socket.onEnd = never
    await bench.drop(428)
    await bench.clock.advance(9_999)
    expect(bench.state).toBe('ending')
    await bench.clock.advance(1)
    expect(bench.state).toBe('waiting')
    await bench.reopen()
    expect([bench.state, bench.liveSockets]).toEqual(['open', 1])
  })

  it('may fail to end', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    socket.onEnd = () => Promise.reject(new Error('already gone'))
    await bench.drop(428)
    expect(bench.state).toBe('waiting')
  })
})

describe('a store that fails the connection', () => {
  it('ends it when a message was not accepted, so that the server delivers that message again', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    bench.onAccept = storeAway
    expect(await rejectionOf(socket.options.accept(inbound()))).toBe('store-unavailable')
    await settle()
    expect([bench.state, bench.keeper.status().cause, socket.ends]).toEqual(['waiting', 'store-failed', 1])
    bench.onAccept = () => Promise.resolve()
    const next = await bench.reopen()
    await next.options.accept(inbound())
    expect([bench.state, bench.liveSockets]).toEqual(['open', 1])
  })

  it.each(['reads', 'writes'])(
    'ends it when a key’s %s failed for good, also while it connects',
    async (which) => {
      const bench = new KeeperBench()
      bench.onKeys = storeAway
      await bench.start()
      const { keys } = bench.socket.options.auth
      const work: Promise<unknown> = which === 'reads' ? keys.get('session', ['1']) : keys.set({})
      expect(await rejectionOf(work)).toBe('store-unavailable')
      await settle()
      expect([bench.state, bench.socket.ends, bench.logged('connection.store-failed')]).toEqual([
        'waiting',
        1,
        1,
      ])
    },
  )

  it('says nothing when the socket was dead before', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    const work = Promise.withResolvers<void>()
    bench.onAccept = () => work.promise
    const outcome = rejectionOf(socket.options.accept(inbound()))
    await bench.drop(428)
    work.reject(new Error('too late'))
    await outcome
    expect([bench.keeper.status().cause, bench.logged('connection.store-failed')]).toEqual([
      'connection-closed',
      0,
    ])
  })
})

describe('sending', () => {
  it('passes a message to the open socket, and its confirmation back', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    await bench.keeper.send(outgoing('a'))
    socket.ack('a')
    socket.ack('b', 479)
    expect(socket.sent).toEqual([outgoing('a')])
    expect(bench.acks).toEqual([
      ['a', undefined],
      ['b', 479],
    ])
  })

  it('is refused in every state but open', async () => {
    const bench = new KeeperBench()
    await expect(bench.keeper.send(outgoing())).rejects.toMatchObject({ code: 'socket-closed' })
    await bench.start()
    await expect(bench.keeper.send(outgoing())).rejects.toMatchObject({ code: 'socket-closed' })
    bench.socket.open()
    await bench.drop(428)
    await expect(bench.keeper.send(outgoing())).rejects.toMatchObject({ code: 'socket-closed' })
  })

  it('fails as soon as the socket dies, however long the library would wait', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    socket.onSend = never
    const outcome = rejectionOf(bench.keeper.send(outgoing()))
    socket.close(428)
    expect(await outcome).toBe('socket-closed')
  })
})
