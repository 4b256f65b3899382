import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { settle } from '../../support/manual-clock.ts'
import { inbound, KeeperBench, never, outgoing, rejectionOf, storeAway } from './keeper-bench.ts'

describe('connecting', () => {
  it('waits for the lease, opens its credentials, is granted an attempt and connects', async () => {
    const bench = new KeeperBench()
    bench.keeper.start()
    await settle()
    expect([bench.state, bench.sockets.length]).toEqual(['standby', 0])
    await bench.hold(3)
    expect(bench.auths).toMatchObject([{ epoch: 3 }])
    expect([bench.state, bench.charges, bench.sockets.length]).toEqual(['connecting', 1, 1])
    bench.socket.open()
    expect([bench.state, bench.keeper.isUsable()]).toEqual(['open', true])
  })

  it('does nothing before it is started', async () => {
    const bench = new KeeperBench()
    await bench.hold()
    expect([bench.state, bench.charges]).toEqual(['standby', 0])
    bench.keeper.start()
    bench.keeper.start()
    await settle()
    expect(bench.sockets).toHaveLength(1)
  })

  it('is started over by the watchdog when Baileys hangs', async () => {
    const bench = new KeeperBench()
    await bench.start()
    await bench.clock.advance(45_000)
    expect([bench.socket.ends, bench.state]).toEqual([1, 'waiting'])
    expect(bench.keeper.status()).toMatchObject({ cause: 'timed-out', failures: 1 })
    await bench.reopen()
    expect([bench.sockets.length, bench.state]).toEqual([2, 'open'])
  })

  it('shows each QR to the owner, without a watchdog and never in the log', async () => {
    const bench = new KeeperBench()
    await bench.start()
    bench.socket.qr('first')
    await bench.clock.advance(120_000)
    bench.socket.qr('second')
    expect(bench.keeper.status()).toMatchObject({ state: 'pairing', qr: 'second' })
    expect(bench.statuses.flatMap(({ qr }) => qr ?? [])).toEqual(['first', 'second'])
    expect(JSON.stringify(bench.logger.lines)).not.toContain('second')
    expect(bench.clock.pendingLabels()).toEqual([])
  })

  it('after an unscanned QR starts over calmly, with no failure', async () => {
    const bench = new KeeperBench()
    await bench.start()
    bench.socket.qr()
    bench.socket.close(408, 'QR refs attempts ended')
    await settle()
    expect(bench.keeper.status()).toMatchObject({ state: 'waiting', cause: 'qr-expired', failures: 0 })
  })

  it('survives a connector that throws or closes in the middle of the call', async () => {
    const bench = new KeeperBench()
    bench.onConnect = () => {
      throw new Error('no such option')
    }
    await bench.start()
    expect(bench.keeper.status()).toMatchObject({ state: 'waiting', cause: 'unknown' })
    bench.onConnect = (socket) => socket.close(503)
    await bench.clock.advance(2_000)
    expect(bench.keeper.status()).toMatchObject({
      state: 'waiting',
      cause: 'service-unavailable',
      failures: 2,
    })
    expect(bench.sockets.map(({ ends }) => ends)).toEqual([0, 1])
  })

  it('after 515 flushes the credentials before the new login, at once', async () => {
    const bench = new KeeperBench()
    await bench.start()
    const flush = Promise.withResolvers<void>()
    bench.onFlush = () => flush.promise
    bench.socket.qr()
    await bench.drop(515)
    expect([bench.state, bench.charges]).toEqual(['charging', 1])
    flush.resolve()
    await settle()
    expect([bench.state, bench.charges, bench.sockets.length]).toEqual(['connecting', 2, 2])
    expect([bench.auths.length, bench.auths[0]?.flushes]).toEqual([1, 1])
  })

  it('asks again later when the store is away, without an attempt', async () => {
    const bench = new KeeperBench()
    bench.onOpenAuth = storeAway
    await bench.start()
    expect([bench.state, bench.charges]).toEqual(['waiting', 0])
    bench.onOpenAuth = () => Promise.resolve()
    bench.onCharge = () => Promise.resolve({ status: 'unreachable' })
    await bench.clock.advance(2_000)
    expect([bench.state, bench.charges, bench.sockets.length]).toEqual(['waiting', 1, 0])
    bench.onCharge = () => Promise.resolve({ status: 'granted' })
    await bench.clock.advance(4_000)
    expect(bench.state).toBe('connecting')
  })

  it('says when the next attempt comes', async () => {
    const bench = new KeeperBench()
    bench.onCharge = () => Promise.resolve({ status: 'refused', retryAfterMs: 90_000 })
    await bench.start()
    const { nextAttemptAtMs, sinceMs } = bench.keeper.status()
    expect([nextAttemptAtMs, sinceMs]).toEqual([bench.clock.nowMs() + 90_000, bench.clock.nowMs()])
  })

  it('turns to slow probing and comes back from it', async () => {
    const bench = new KeeperBench({ maxRetries: 2 })
    await bench.startOpen()
    for (const failed of [1, 2, 3]) {
      await bench.drop(503)
      expect(bench.keeper.status().failures).toBe(failed)
      if (failed < 3) await bench.reopen()
    }
    expect(bench.logged('connection.probing')).toBe(1)
    expect(bench.keeper.status().nextAttemptAtMs).toBe(bench.clock.nowMs() + 675_000)
    await bench.reopen()
    expect(bench.state).toBe('open')
  })
})

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

describe('the lease', () => {
  it.each(['connecting', 'pairing', 'open'] as const)(
    'ends the socket at once when it goes while %s',
    async (state) => {
      const bench = new KeeperBench()
      await bench.start()
      if (state === 'pairing') bench.socket.qr()
      if (state === 'open') bench.socket.open()
      expect(bench.state).toBe(state)
      bench.standing = { status: 'none' }
      bench.keeper.leaseChanged(bench.standing)
      expect(bench.socket.ends).toBe(1)
      await settle()
      expect([bench.state, bench.keeper.status().failures]).toEqual(['standby', 0])
    },
  )

  it.each(['charging', 'waiting', 'ending'] as const)(
    'leads to standing by when it goes while %s',
    async (state) => {
      const bench = new KeeperBench()
      if (state === 'charging') bench.onCharge = never
      await bench.start()
      if (state !== 'charging') {
        if (state === 'ending') bench.socket.onEnd = never
        await bench.drop(428)
      }
      expect(bench.state).toBe(state)
      await bench.lease({ status: 'none' })
      await bench.clock.advance(600_000)
      expect([bench.state, bench.clock.pendingLabels()]).toEqual(['standby', []])
      expect(bench.sockets.length).toBe(state === 'charging' ? 0 : 1)
    },
  )

  it('when it is proven again with the same epoch, flushes what waited and connects', async () => {
    const bench = new KeeperBench()
    await bench.startOpen()
    await bench.lease({ status: 'none' })
    await bench.hold(1)
    expect(bench.auths).toEqual([{ epoch: 1, flushes: 1, isClosed: false }])
    expect([bench.state, bench.sockets.length]).toEqual(['connecting', 2])
  })

  it('with a new epoch drops the stale credentials unflushed and opens them afresh', async () => {
    const bench = new KeeperBench()
    await bench.startOpen()
    await bench.lease({ status: 'none' })
    await bench.hold(2)
    expect(bench.auths).toEqual([
      { epoch: 1, flushes: 0, isClosed: true },
      { epoch: 2, flushes: 0, isClosed: false },
    ])
  })

  it('closes credentials that were opened for an epoch already over', async () => {
    const bench = new KeeperBench()
    const slow = Promise.withResolvers<void>()
    bench.onOpenAuth = () => slow.promise
    await bench.start()
    bench.onOpenAuth = () => Promise.resolve()
    await bench.lease({ status: 'none' })
    await bench.hold(2)
    slow.resolve()
    await settle()
    expect(bench.auths.toSorted((a, b) => a.epoch - b.epoch)).toMatchObject([
      { epoch: 1, isClosed: true },
      { epoch: 2, isClosed: false },
    ])
    expect([bench.sockets.length, bench.charges]).toEqual([1, 1])
  })

  it('that proves stale at the flush leads to standing by', async () => {
    const bench = new KeeperBench()
    await bench.startOpen()
    bench.onFlush = () => Promise.reject(new AppError('lease-lost', 'stale epoch'))
    await bench.drop(515)
    expect([bench.state, bench.auths[0]?.isClosed]).toEqual(['standby', true])
  })

  it('is verified after a conflict, which is then waited out or made way for', async () => {
    const bench = new KeeperBench()
    await bench.startOpen()
    await bench.drop(440)
    expect([bench.verifications, bench.state]).toEqual([1, 'waiting'])
    expect(bench.keeper.status().nextAttemptAtMs).toBeGreaterThanOrEqual(bench.clock.nowMs() + 30_000)
    await bench.reopen()
    bench.onVerify = () => Promise.resolve('lost')
    await bench.drop(440)
    expect([bench.verifications, bench.state, bench.auths[0]?.isClosed]).toEqual([2, 'standby', true])
  })

  it('forbids sending from the moment it has run out, before anybody was told', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    bench.standing = { status: 'none' }
    await expect(bench.keeper.send(outgoing())).rejects.toMatchObject({ code: 'socket-closed' })
    expect([bench.keeper.isUsable(), socket.sent]).toEqual([false, []])
  })
})

describe('a terminal disconnect', () => {
  it('flushes and closes the credentials, records the halt and never connects again', async () => {
    const bench = new KeeperBench()
    await bench.startOpen()
    await bench.drop(401)
    expect(bench.halts).toEqual(['logged-out'])
    expect(bench.auths).toEqual([{ epoch: 1, flushes: 1, isClosed: true }])
    expect(bench.keeper.status()).toMatchObject({ state: 'halted', cause: 'logged-out' })
    expect(bench.logged('connection.halted')).toBe(1)
    await bench.lease({ status: 'halted', cause: 'logged-out' })
    await bench.clock.advance(86_400_000)
    expect([bench.sockets.length, bench.clock.pendingLabels()]).toEqual([1, []])
  })

  it('is recorded in the end although the store is away at first', async () => {
    const bench = new KeeperBench()
    await bench.startOpen()
    bench.onHalt = storeAway
    await bench.drop(403)
    await bench.clock.advance(60_000)
    bench.onHalt = () => Promise.resolve()
    await bench.clock.advance(300_000)
    expect(bench.halts.length).toBeGreaterThan(2)
    expect(bench.clock.pendingLabels()).toEqual([])
  })

  it('recorded by somebody else ends the socket and closes the credentials', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    await bench.lease({ status: 'halted', cause: 'operator' })
    expect([bench.state, socket.ends, bench.halts]).toEqual(['halted', 1, []])
    expect(bench.auths[0]?.isClosed).toBe(true)
  })

  it('of an earlier process is respected', async () => {
    const bench = new KeeperBench()
    bench.standing = { status: 'halted', cause: 'forbidden' }
    bench.keeper.start()
    await bench.clock.advance(86_400_000)
    expect(bench.keeper.status()).toMatchObject({ state: 'halted', cause: 'forbidden' })
    expect([bench.charges, bench.halts]).toEqual([0, []])
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

describe('whenUsable', () => {
  it('resolves once the connection is open', async () => {
    const bench = new KeeperBench()
    await bench.start()
    let isUsable = false
    const waiting = bench.keeper.whenUsable(60_000).then(() => (isUsable = true))
    await bench.clock.advance(5_000)
    expect(isUsable).toBe(false)
    bench.socket.open()
    await bench.clock.advance(250)
    await waiting
    expect(isUsable).toBe(true)
    await expect(bench.keeper.whenUsable(0)).resolves.toBeUndefined()
  })

  it('rejects when it takes too long', async () => {
    const bench = new KeeperBench()
    const outcome = rejectionOf(bench.keeper.whenUsable(1_100))
    await bench.clock.advance(1_100)
    expect(await outcome).toBe('timed-out')
    expect(bench.clock.pendingLabels()).toEqual([])
  })
})

describe('a pause', () => {
  it('lasts until each of its reasons is gone, and leaves an open socket alone', async () => {
    const bench = new KeeperBench()
    await bench.startOpen()
    bench.keeper.pauseAttempts('memory')
    bench.keeper.pauseAttempts('memory')
    bench.keeper.pauseAttempts('other')
    expect(bench.state).toBe('open')
    await bench.drop(428)
    await bench.clock.advance(3_600_000)
    bench.keeper.resumeAttempts('memory')
    bench.keeper.resumeAttempts('unknown')
    await settle()
    expect([bench.state, bench.sockets.length, bench.clock.pendingLabels()]).toEqual(['waiting', 1, []])
    bench.keeper.resumeAttempts('other')
    await settle()
    expect([bench.state, bench.sockets.length]).toEqual(['connecting', 2])
  })
})
