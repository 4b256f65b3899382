/** One kill: the trap that is set, who is killed from within it, and what becomes of the write. */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import type { FaultProxy } from '../../../../sim/postgres/fault-proxy/fault-proxy.ts'
import type { TrapSite, TrapVerdict, WriteTrap } from '../../../../sim/postgres/fault-proxy/write-trap.ts'
import { parsePoint } from '../../../../sim/kill-sweep/kill-point.ts'
import type { KillPoint } from '../../../../sim/kill-sweep/kill-point.ts'
import { Strike } from '../../../../sim/kill-sweep/strike.ts'

/** A proxy of which nothing but its trap is used. */
class StandInProxy {
  trap: WriteTrap | undefined
  readonly released: number[] = []

  setTrap(trap: WriteTrap | undefined): void {
    this.trap = trap
  }

  /** A statement comes by from the client at the port. Undefined when no trap wanted it. */
  statement(name: string, clientPort = 1): TrapVerdict | undefined {
    const { trap } = this
    if (trap === undefined || !trap.wants([name])) return undefined
    this.trap = undefined
    const site: TrapSite = { clientPort, release: () => void this.released.push(clientPort) }
    return trap.onSprung(site)
  }
}

function victim(): ChildProcess {
  const child = spawn('sleep', ['60'])
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** `bots` by the port of their connection, `supervisors` by boot; each bot is of the boot of its port. */
function strikeAt(
  text: string,
  processes: {
    readonly bots?: Record<number, ChildProcess>
    readonly supervisors?: Record<number, ChildProcess>
  },
) {
  const proxy = new StandInProxy()
  let postgresKills = 0
  const strike = new Strike({
    point: parsePoint(text) as KillPoint,
    database: proxy as unknown as FaultProxy,
    processAt: (clientPort) => {
      const pid = processes.bots?.[clientPort]?.pid
      return pid === undefined
        ? undefined
        : { name: 'bot', dynoId: 'web.1', boot: clientPort, pid, startTicks: 0 }
    },
    supervisorOf: (boot) => processes.supervisors?.[boot]?.pid,
    killPostgres: async () => void (postgresKills += 1),
  })
  onTestFinished(() => strike.end())
  return { proxy, strike, postgresKills: () => postgresKills }
}

it('kills the bot that makes the write, at the occurrence that is wanted, and lets nothing pass', async () => {
  const [bot, other] = [victim(), victim()]
  const { proxy, strike } = strikeAt('bot/commit-put/committed/2', { bots: { 1: other, 2: bot } })
  expect(proxy.statement('renew-lease')).toBeUndefined()
  expect(proxy.statement('commit-put', 1)).toBeUndefined()
  const ended = once(bot, 'exit')
  expect(proxy.statement('commit-put', 2)).toBe('hold')
  expect(strike.hasStruck).toBe(true)
  expect(await ended).toEqual([null, 'SIGKILL'])
  expect(other.exitCode ?? other.signalCode).toBeNull()
})

it('kills the supervisor of that bot, whose own write goes on', async () => {
  const [bot, supervisor] = [victim(), victim()]
  const { proxy } = strikeAt('supervisor/take-lease/unsent', {
    bots: { 3: bot },
    supervisors: { 3: supervisor },
  })
  const ended = once(supervisor, 'exit')
  expect(proxy.statement('take-lease', 3)).toBe('pass')
  await ended
  expect(bot.signalCode).toBeNull()
})

it('kills Postgres once', async () => {
  const { proxy, strike, postgresKills } = strikeAt('postgres/settle-reply/unsent', {})
  expect(proxy.statement('settle-reply')).toBe('hold')
  await strike.struck()
  expect(postgresKills()).toBe(1)
})

it('lets the process go on for the delay', async () => {
  const bot = victim()
  const { proxy, strike } = strikeAt('bot/commit-put/unsent/1/20', { bots: { 1: bot } })
  const ended = once(bot, 'exit')
  expect(proxy.statement('commit-put')).toBe('hold')
  expect(strike.hasStruck).toBe(false)
  await strike.struck()
  await ended
})

it('lets a late write land when the next process has taken the session, and no sooner', () => {
  const { proxy, strike } = strikeAt('bot/commit-put/late', { bots: { 1: victim() } })
  proxy.statement('commit-put')
  expect(proxy.statement('commit-put', 2)).toBeUndefined()
  expect(proxy.released).toEqual([])
  expect(proxy.statement('take-lease', 2)).toBe('pass')
  expect(proxy.released).toEqual([1])
  strike.end()
  expect(proxy.released).toEqual([1])
})

it('lets it land at the end when nobody has', () => {
  const { proxy, strike } = strikeAt('bot/commit-put/late', { bots: { 1: victim() } })
  proxy.statement('commit-put')
  strike.end()
  expect(proxy.released).toEqual([1])
})

it('waits for the next write when the writer cannot be found', async () => {
  const bot = victim()
  const { proxy, strike } = strikeAt('bot/commit-put/late', { bots: { 2: bot } })
  expect(proxy.statement('commit-put', 1)).toBe('pass')
  expect(proxy.released).toEqual([1])
  expect(strike.hasStruck).toBe(false)
  const ended = once(bot, 'exit')
  expect(proxy.statement('commit-put', 2)).toBe('hold')
  await ended
})

it('is over at its end', () => {
  const { proxy, strike } = strikeAt('bot/commit-put/unsent', { bots: { 1: victim() } })
  strike.end()
  expect(proxy.trap).toBeUndefined()
})
