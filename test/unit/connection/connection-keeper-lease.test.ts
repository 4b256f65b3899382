import { describe, expect, it } from 'vitest'
import { AppError } from '../../../src/errors.ts'
import { settle } from '../../support/manual-clock.ts'
import { KeeperBench, never, outgoing, storeAway } from './keeper-bench.ts'

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
