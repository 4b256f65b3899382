import { describe, expect, it } from 'vitest'
import { settle } from '../../support/manual-clock.ts'
import { KeeperBench, never, rejectionOf, storeAway } from './keeper-bench.ts'

/** Ways into each state. */
const INTO: Readonly<Record<string, (bench: KeeperBench) => Promise<unknown>>> = {
  standby: async (bench) => bench.keeper.start(),
  charging: (bench) => {
    const charge = Promise.withResolvers<{ status: 'granted' }>()
    bench.onCharge = () => charge.promise
    void settle().then(() => charge.resolve({ status: 'granted' }))
    return startOnly(bench)
  },
  waiting: (bench) => bench.startOpen().then(() => bench.drop(428)),
  connecting: (bench) => bench.start(),
  pairing: (bench) => bench.start().then(() => bench.socket.qr()),
  open: (bench) => bench.startOpen(),
  ending: async (bench) => {
    const socket = await bench.startOpen()
    socket.onEnd = never
    await bench.drop(428)
  },
  halted: (bench) => bench.startOpen().then(() => bench.drop(401)),
}

async function startOnly(bench: KeeperBench): Promise<void> {
  bench.standing = { status: 'held', epoch: 1 }
  bench.keeper.start()
}

describe('stop', () => {
  it.each(Object.entries(INTO))(
    'while %s leaves no timer, no socket and no credentials',
    async (state, enter) => {
      const bench = new KeeperBench()
      await enter(bench)
      expect(bench.state).toBe(state)
      let isStopped = false
      void bench.keeper.stop().then(() => (isStopped = true))
      await bench.clock.advance(10_000)
      expect([isStopped, bench.state, bench.clock.pendingLabels()]).toEqual([true, 'stopped', []])
      expect(bench.liveSockets).toBe(0)
      expect(bench.auths.every(({ isClosed }) => isClosed)).toBe(true)
      const { charges } = bench
      await bench.hold(2)
      await bench.clock.advance(86_400_000)
      expect([bench.state, bench.charges]).toEqual(['stopped', charges])
      await bench.keeper.stop()
    },
  )

  it('ends the socket, then flushes, then closes', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    const steps: string[] = []
    socket.onEnd = async () => {
      await settle()
      steps.push('ended')
    }
    bench.onFlush = async () => {
      steps.push(`flush, closed: ${bench.auths[0]?.isClosed}`)
    }
    await bench.keeper.stop()
    expect(steps).toEqual(['ended', 'flush, closed: false'])
    expect(bench.auths).toEqual([{ epoch: 1, flushes: 1, isClosed: true }])
  })

  it('takes twice the bound at most when neither socket nor store answers', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    socket.onEnd = never
    bench.onFlush = never
    bench.onVerify = never
    await bench.drop(440)
    const stopping = bench.keeper.stop()
    await bench.clock.advance(20_000)
    await stopping
    expect([bench.clock.pendingLabels(), bench.auths[0]?.isClosed]).toEqual([[], true])
  })

  it('closes the credentials although they cannot be flushed', async () => {
    const bench = new KeeperBench()
    await bench.startOpen()
    bench.onFlush = storeAway
    await bench.keeper.stop()
    expect(bench.auths[0]?.isClosed).toBe(true)
    expect(bench.logged('connection.flush-failed')).toBe(1)
  })

  it('gives up a check, a wait for usability and an opening of credentials that hang', async () => {
    const bench = new KeeperBench()
    const socket = await bench.startOpen()
    socket.onPing = never
    await bench.clock.advance(60_000)
    await bench.keeper.stop()
    expect(bench.clock.pendingLabels()).toEqual([])

    const waiting = new KeeperBench()
    waiting.onOpenAuth = never
    await waiting.start()
    const outcome = rejectionOf(waiting.keeper.whenUsable(60_000))
    const stopping = waiting.keeper.stop()
    expect(await outcome).toBe('aborted')
    await waiting.clock.advance(10_000)
    await stopping
    expect(waiting.clock.pendingLabels()).toEqual([])
  })

  it('closes credentials that arrive after it', async () => {
    const bench = new KeeperBench()
    const slow = Promise.withResolvers<void>()
    bench.onOpenAuth = () => slow.promise
    await bench.start()
    const stopping = bench.keeper.stop()
    await bench.clock.advance(10_000)
    await stopping
    slow.resolve()
    await settle()
    expect(bench.auths).toMatchObject([{ isClosed: true }])
    expect(bench.charges).toBe(0)
  })

  it('asks for no attempt any more when the credentials come while it stops', async () => {
    const bench = new KeeperBench()
    const slow = Promise.withResolvers<void>()
    bench.onOpenAuth = () => slow.promise
    await bench.start()
    const stopping = bench.keeper.stop()
    slow.resolve()
    await stopping
    expect([bench.charges, bench.auths]).toMatchObject([0, [{ isClosed: true }]])
  })

  it('makes nothing of a grant that comes while it stops', async () => {
    const bench = new KeeperBench()
    const charge = Promise.withResolvers<{ status: 'granted' }>()
    bench.onCharge = () => charge.promise
    await bench.start()
    const stopping = bench.keeper.stop()
    charge.resolve({ status: 'granted' })
    await stopping
    expect([bench.state, bench.sockets.length]).toEqual(['stopped', 0])
  })
})
