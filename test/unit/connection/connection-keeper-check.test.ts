import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { inbound, KeeperBench, never, outgoing } from './keeper-bench.ts'
import type { ScriptedSocket } from './scripted-socket.ts'

const MINUTE_MS = 60_000

/** Open, and the phone has answered a message of ours. */
async function phoneKnown(): Promise<KeeperBench> {
  const bench = new KeeperBench()
  await bench.startOpen()
  await bench.keeper.send(outgoing())
  bench.socket.ack(outgoing().id)
  bench.socket.phone()
  return bench
}

describe('the check of an open connection', () => {
  it('is one ping a minute, which in itself changes and reports nothing', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    const reports = bench.statuses.length
    await bench.clock.advance(10 * MINUTE_MS)
    expect([socket.pings, socket.probes]).toEqual([10, 0])
    expect(bench.statuses).toHaveLength(reports)
    expect(bench.clock.pendingLabels()).toEqual(['connection.check'])
  })

  it('replaces a connection whose ping is not answered', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    socket.onPing = never
    await bench.clock.advance(MINUTE_MS + 14_999)
    expect(bench.state).toBe('open')
    await bench.clock.advance(1)
    expect(bench.keeper.status()).toMatchObject({ state: 'waiting', cause: 'connection-lost' })
    expect(bench.clock.pendingLabels()).toEqual(['connection.wait'])
  })

  it('does not ask twice at a time', async () => {
    const bench = new KeeperBench({ pingTimeoutMs: 5 * MINUTE_MS })
    const socket = await bench.startOpen()
    socket.onPing = never
    await bench.clock.advance(4 * MINUTE_MS)
    expect(socket.pings).toBe(1)
  })

  it('believes a terminal close that comes with the failing ping', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    const end = Promise.withResolvers<void>()
    socket.onEnd = () => end.promise
    socket.onPing = () => Promise.reject(new AppError('socket-closed', 'closing'))
    await bench.clock.advance(MINUTE_MS)
    expect(bench.state).toBe('ending')
    socket.close(401)
    end.resolve()
    await bench.clock.advance(0)
    expect(bench.keeper.status()).toMatchObject({ state: 'halted', cause: 'logged-out' })
  })

  it('probes a quiet connection every half hour at most, and leaves it when it answers', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    await bench.clock.advance(8 * 60 * MINUTE_MS)
    expect([socket.probes, socket.ends, socket.sent.length]).toEqual([16, 0, 0])
  })

  it('does not probe a connection that delivers', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    for (let minute = 0; minute < 120; minute += 1) {
      await socket.options.accept(inbound(`in-${minute}`))
      await bench.clock.advance(MINUTE_MS)
    }
    expect(socket.probes).toBe(0)
  })

  it('replaces a deaf connection, and counts on until one delivers', async () => {
    const bench = new KeeperBench()
    bench.onConnect = (socket) => (socket.onProbe = never)
    await bench.startOpen()
    await bench.clock.advance(31 * MINUTE_MS)
    expect(bench.keeper.status()).toMatchObject({ cause: 'deaf', deafReconnects: 1 })
    bench.socket.open()
    await bench.clock.advance(31 * MINUTE_MS)
    expect(bench.keeper.status()).toMatchObject({ cause: 'deaf', deafReconnects: 2 })
    expect(bench.statuses.at(-1)).toMatchObject({ deafReconnects: 2 })
    bench.socket.open()
    await bench.socket.options.accept(inbound())
    await bench.drop(428)
    expect(bench.keeper.status().deafReconnects).toBe(0)
  })

  it('suspects a send that is not confirmed, once', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    await bench.keeper.send(outgoing('a'))
    await bench.clock.advance(MINUTE_MS)
    expect(socket.probes).toBe(1)
    await bench.clock.advance(29 * MINUTE_MS)
    await socket.options.accept(inbound())
    await bench.clock.advance(10 * MINUTE_MS)
    expect(socket.probes).toBe(1)
  })

  it('suspects no send that was confirmed or that failed', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    await bench.keeper.send(outgoing('a'))
    socket.ack('a')
    socket.onSend = () => Promise.reject(new Error('too long'))
    await expect(bench.keeper.send(outgoing('b'))).rejects.toThrow('too long')
    await bench.clock.advance(5 * MINUTE_MS)
    expect(socket.probes).toBe(0)
  })

  it('counts the time of a resend from the first send', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    await bench.keeper.send(outgoing('a'))
    await bench.clock.advance(30_000)
    await bench.keeper.send(outgoing('a'))
    await bench.clock.advance(30_000)
    expect(socket.probes).toBe(1)
  })

  it('calls a connection lost, not deaf, that closes under the probe', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    socket.onProbe = () => Promise.reject(new AppError('socket-closed', 'closing'))
    await bench.clock.advance(30 * MINUTE_MS)
    expect(bench.keeper.status()).toMatchObject({ cause: 'connection-lost', deafReconnects: 0 })
  })
})

describe('a connection that confirms and delivers nothing', () => {
  it('is replaced when the phone does not answer the probe in its time', async () => {
    const bench = await phoneKnown()
    await bench.clock.advance(30 * MINUTE_MS + 29_999)
    expect([bench.socket.probes, bench.state]).toEqual([1, 'open'])
    await bench.clock.advance(1)
    expect(bench.keeper.status()).toMatchObject({ state: 'waiting', cause: 'phone-unheard' })
    expect(bench.logged('connection.phone-unheard')).toBe(1)
  })

  it('is left alone, all night long, when the phone answers', async () => {
    const bench = new KeeperBench()
    bench.onConnect = (socket) => {
      socket.onProbe = () => Promise.resolve(socket.phone())
    }
    await bench.startOpen()
    await bench.clock.advance(8 * 60 * MINUTE_MS)
    expect([bench.socket.probes, bench.sockets.length]).toEqual([16, 1])
  })

  it.each([
    ['the phone', (socket: ScriptedSocket) => Promise.resolve(socket.phone())],
    ['anybody', (socket: ScriptedSocket) => socket.options.accept(inbound())],
  ])('is left alone when %s is heard while it waits', async (_who, speak) => {
    const bench = await phoneKnown()
    await bench.clock.advance(30 * MINUTE_MS + 20_000)
    await speak(bench.socket)
    await bench.clock.advance(29 * MINUTE_MS)
    expect([bench.socket.probes, bench.state]).toEqual([1, 'open'])
    expect(bench.clock.pendingLabels()).toEqual(['connection.check'])
  })

  it('is not suspected of it for a phone that never answered in time', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    // What waited on the server says nothing of now.
    socket.phone()
    await bench.keeper.send(outgoing())
    socket.ack(outgoing().id)
    await bench.clock.advance(30_001)
    socket.phone()
    await bench.clock.advance(8 * 60 * MINUTE_MS)
    expect([socket.ends, bench.logged('connection.phone-unheard')]).toEqual([0, 0])
  })

  it('costs one reconnect for each time that the phone goes off, and never the process', async () => {
    const bench = await phoneKnown()
    for (let night = 1; night <= 3; night += 1) {
      await bench.clock.advance(30 * MINUTE_MS + 30_000)
      expect(bench.keeper.status().cause).toBe('phone-unheard')
      await bench.reopen()
      await bench.clock.advance((8 * 60 + 10) * MINUTE_MS)
      // It is on again, and says what it owes: late, so nothing is expected of it yet.
      bench.socket.phone()
      await bench.clock.advance(31 * MINUTE_MS)
      expect([bench.sockets.length, bench.state]).toEqual([night + 1, 'open'])
      await bench.socket.options.accept(inbound(`day-${night}`))
      await bench.keeper.send(outgoing(`day-${night}`))
      bench.socket.ack(`day-${night}`)
      bench.socket.phone()
    }
    expect(Math.max(...bench.statuses.map(({ deafReconnects }) => deafReconnects))).toBe(0)
  })

  it('remembers the phone from connection to connection', async () => {
    const bench = await phoneKnown()
    await bench.drop(428)
    await bench.reopen()
    await bench.clock.advance(30 * MINUTE_MS + 30_000)
    expect(bench.keeper.status().cause).toBe('phone-unheard')
  })

  it('is lost, not unheard, when it closes while it waits', async () => {
    const bench = await phoneKnown()
    await bench.clock.advance(30 * MINUTE_MS + 10_000)
    await bench.drop(428)
    expect(bench.keeper.status().cause).toBe('connection-closed')
    expect(bench.logged('connection.phone-unheard')).toBe(0)
    await bench.reopen()
    await bench.clock.advance(30 * MINUTE_MS + 30_000)
    // The phone has not been found wanting, so it is expected still.
    expect(bench.keeper.status().cause).toBe('phone-unheard')
  })
})
