/**
 * Each further failure waits longer. Judged from what the server sees of each process: a new process has no
 * memory of failures, and the budget is what binds it. The surprise: a connection that the bot ends by itself
 * is a failure too, or a watchdog that reconnects at once would never be judged; only trouble with the lease
 * (the database failed, another process took over, the dyno hung) is a reason to end a sound connection.
 */

import { textOf } from '../world/trace.ts'
import type { TraceEvent } from '../world/trace.ts'
import { Checker } from './checker.ts'
import type { CheckerContext } from './checker.ts'

interface Attempt {
  openedAtMs: number | undefined
  /** When its own process began to end it, as it was seen. */
  endedAtMs: number | undefined
  /** The same at the earliest: a real end is seen late. */
  leftAtMs: number | undefined
}

/** What one process owes. */
interface Debt {
  readonly attempts: Map<number, Attempt>
  failures: number
  hasFreeRestart: boolean
  /** The server has asked for a restart that may come at once; so long an attempt is that one. */
  freeUntilMs: number | undefined
  notBeforeMs: number
}

/** A dyno's clock may run one per cent fast at most, and its waits are so much shorter. */
const CLOCK_SHARE = 0.99
/** So long after trouble with the lease a sound bot may still end its connection for that reason. */
const LEASE_TROUBLE_MS = 60_000
/** Within this after a hang a process has heard all that came meanwhile. */
const AFTERMATH_MS = 1_000

/** Each further failure waits at least half of a doubling envelope, up to the cap. */
export class BackoffLawChecker extends Checker {
  readonly #context: CheckerContext
  readonly #debts = new Map<string, Debt>()
  #troubles = 0
  #troubleUntilMs = -Infinity
  /** Until when what is heard of a close came from a hang. */
  #aftermathUntilMs = -Infinity
  #leaseTaker = ''

  constructor(context: CheckerContext) {
    super('backoff-law')
    this.#context = context
  }

  observe(event: TraceEvent): void {
    switch (event.kind) {
      case 'wa.connect':
        this.#connected(event)
        break
      case 'wa.open':
        this.#opened(event)
        break
      case 'wa.end':
        this.#ended(event)
        break
      case 'wa.close':
        this.#closed(event)
        break
      case 'store':
        if (event.data['op'] === 'takeLease' && event.data['result'] !== null) this.#leaseTaken(event)
        break
      default:
        this.#noteTrouble(event)
    }
  }

  #connected({ atMs, data }: TraceEvent): void {
    const debt = this.#debtOf(textOf(data, 'process'))
    for (const [connection, attempt] of debt.attempts) {
      // Ended and not yet closed, as in a black hole: it will not be waited for.
      if (attempt.endedAtMs === undefined) continue
      debt.attempts.delete(connection)
      this.#endedByItself(debt, attempt, attempt.endedAtMs)
    }
    this.#takeFreeRestart(debt, atMs)
    if (atMs < debt.notBeforeMs) {
      const earlyMs = Math.ceil(debt.notBeforeMs - atMs)
      this.broken(atMs, `attempt ${earlyMs} ms too early, after ${debt.failures} failures in a row`)
    }
    debt.attempts.set(Number(data['connection']), {
      openedAtMs: undefined,
      endedAtMs: undefined,
      leftAtMs: undefined,
    })
  }

  #opened(event: TraceEvent): void {
    const attempt = this.#attemptOf(event)
    if (attempt !== undefined) attempt.openedAtMs = event.atMs
  }

  #ended(event: TraceEvent): void {
    const attempt = this.#attemptOf(event)
    if (attempt === undefined) return
    attempt.endedAtMs = event.atMs
    attempt.leftAtMs = event.atMs - Number(event.data['unseenMs'] ?? 0)
  }

  #attemptOf({ data }: TraceEvent): Attempt | undefined {
    return this.#debtOf(textOf(data, 'process')).attempts.get(Number(data['connection']))
  }

  #closed({ atMs, data }: TraceEvent): void {
    const debt = this.#debtOf(textOf(data, 'process'))
    const attempt = debt.attempts.get(Number(data['connection']))
    debt.attempts.delete(Number(data['connection']))
    if (attempt === undefined || data['by'] === 'process') return
    // In a black hole the close comes long after the library has ended it and the bot has gone on.
    const lostAtMs = attempt.endedAtMs ?? atMs
    if (data['by'] === 'end') {
      this.#endedByItself(debt, attempt, lostAtMs)
      return
    }
    this.#forgetAfterUptime(debt, attempt, lostAtMs)
    // A real server sees the close later than the bot may have seen its beginning.
    const heardAtMs = attempt.leftAtMs ?? atMs - Number(data['agoMs'] ?? 0)
    if (textOf(data, 'message').includes('QR refs')) return
    // After a hang the lease is unproven first, and the bot lets go before it hears that it was cut off.
    if (atMs <= this.#aftermathUntilMs) return
    if (data['statusCode'] === 515 && debt.hasFreeRestart) {
      debt.freeUntilMs = heardAtMs + this.#waitMs(debt.failures + 1)
      return
    }
    // Conflicts grow by a count of their own: beside the general law only their floor can be asked for.
    this.#failed(debt, heardAtMs, data['statusCode'] === 440 ? this.#context.conflictBaseMs : 0)
  }

  /** A bot that waited as after a failure may have counted one: its free restart is left to it. */
  #takeFreeRestart(debt: Debt, atMs: number): void {
    if (debt.freeUntilMs !== undefined && atMs < debt.freeUntilMs) debt.hasFreeRestart = false
    debt.freeUntilMs = undefined
  }

  #endedByItself(debt: Debt, attempt: Attempt, endedAtMs: number): void {
    this.#forgetAfterUptime(debt, attempt, endedAtMs)
    const leftAtMs = attempt.leftAtMs ?? endedAtMs
    if (this.#troubles === 0 && leftAtMs > this.#troubleUntilMs) this.#failed(debt, leftAtMs, 0)
  }

  #forgetAfterUptime(debt: Debt, { openedAtMs }: Attempt, atMs: number): void {
    if (openedAtMs === undefined || atMs - openedAtMs < this.#context.stableUptimeMs * CLOCK_SHARE) return
    debt.failures = 0
    debt.hasFreeRestart = true
  }

  #failed(debt: Debt, atMs: number, floorMs: number): void {
    debt.failures += 1
    const waitMs = Math.max(floorMs * CLOCK_SHARE, this.#waitMs(debt.failures))
    debt.notBeforeMs = Math.max(debt.notBeforeMs, atMs + waitMs)
  }

  /** The least wait after so many failures in a row. */
  #waitMs(failures: number): number {
    const { backoffBaseMs, backoffCapMs, maxRetries, probeIntervalMs } = this.#context
    const envelopeMs = Math.min(backoffCapMs, backoffBaseMs * 2 ** (failures - 1))
    const slowMs = failures > maxRetries ? Math.max(envelopeMs, probeIntervalMs) : envelopeMs
    return (slowMs / 2) * CLOCK_SHARE
  }

  #leaseTaken({ atMs, source }: TraceEvent): void {
    if (source !== this.#leaseTaker)
      this.#troubleUntilMs = Math.max(this.#troubleUntilMs, atMs + LEASE_TROUBLE_MS)
    this.#leaseTaker = source
  }

  #noteTrouble({ atMs, kind, data }: TraceEvent): void {
    const forMs = Number(data['forMs'] ?? 0)
    if (kind === 'dyno.hang' || kind === 'dyno.starve' || kind === 'bot.hang') {
      this.#troubleUntilMs = Math.max(this.#troubleUntilMs, atMs + forMs + LEASE_TROUBLE_MS)
      if (kind !== 'dyno.starve')
        this.#aftermathUntilMs = Math.max(this.#aftermathUntilMs, atMs + forMs + AFTERMATH_MS)
      // To the process itself a hang looks like uptime.
      for (const debt of this.#debts.values()) debt.failures = 0
    }
    if (!STORE_FAULTS.has(kind)) return
    if (data['lasts'] !== false) this.#troubles += data['phase'] === 'lifted' ? -1 : 1
    this.#troubleUntilMs = Math.max(this.#troubleUntilMs, atMs + LEASE_TROUBLE_MS)
  }

  #debtOf(process: string): Debt {
    const known = this.#debts.get(process)
    if (known !== undefined) return known
    const created = {
      attempts: new Map(),
      failures: 0,
      hasFreeRestart: true,
      freeUntilMs: undefined,
      notBeforeMs: -Infinity,
    }
    this.#debts.set(process, created)
    return created
  }
}

const STORE_FAULTS: ReadonlySet<string> = new Set([
  'fault.store-latency',
  'fault.store-outage',
  'fault.store-flaky',
  'fault.postgres-server',
  'fault.postgres-failover',
  'fault.proxy',
])
