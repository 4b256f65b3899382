import { describe, expect, it } from 'vitest'
import { settle } from '../../support/manual-clock.ts'
import { KeeperBench, rejectionOf, storeAway } from './keeper-bench.ts'

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
