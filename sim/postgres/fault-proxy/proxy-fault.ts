/**
 * What the proxy can do to connections, as plain values, and the handle of one that is at work. Times are
 * real ms. `strikes` says how often a fault has really met somebody: a fault that never struck proves nothing.
 */

export type ProxyFault =
  /** Each way: a round trip takes twice as much. Jitter is uniform, and order is kept. */
  | { readonly kind: 'latency'; readonly delayMs: number; readonly jitterMs: number }
  /** Of each connection and each way. */
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  /** Every present connection is reset now; new ones live. */
  | { readonly kind: 'reset' }
  /** The next `times` writes lose their connection: see `WriteMoment`. */
  | { readonly kind: 'reset-at-write'; readonly moment: WriteMoment; readonly times: number }
  /** Nothing passes, connections stay; what was held back passes when it is lifted. */
  | { readonly kind: 'black-hole' }
  /** The server's end of every present connection is gone and nobody tells the client; new ones live. */
  | { readonly kind: 'half-open' }
  /** New connections meet a closed port; strikes cannot be seen from here. */
  | { readonly kind: 'refuse' }
  /** 57P01 ends the present connections, 53300 and 57P03 greet new ones. */
  | { readonly kind: 'fatal'; readonly sqlState: FatalState }
  /** Writes fail with 25006, by the server's own judgement. */
  | { readonly kind: 'read-only' }
  /** A connection too many is greeted with 53300. */
  | { readonly kind: 'connection-cap'; readonly maxConnections: number }

export type FatalState = '53300' | '57P01' | '57P03'

/**
 * `unsent`: the server never gets it, so nothing is committed. `unanswered`: the server has it whole, the
 * client is cut off at once; it is committed, now or soon. `answered`: it is committed and answered, and the
 * client is cut off before it hears so.
 */
export type WriteMoment = 'unsent' | 'unanswered' | 'answered'

/** The server's own words. */
export const FATAL_TEXTS: Readonly<Record<FatalState, string>> = {
  '53300': 'sorry, too many clients already',
  '57P01': 'terminating connection due to administrator command',
  '57P03': 'the database system is starting up',
}

export interface FaultHandle {
  readonly fault: ProxyFault
  /** How often it met a connection or a message; undefined for what the proxy cannot see. */
  readonly strikes: number | undefined
  /** Ends it; harmless when it has ended. */
  lift(): Promise<void>
}

/** A fault at work, as connections see it. */
export class ActiveFault<Fault extends ProxyFault = ProxyFault> {
  readonly fault: Fault
  #strikes = 0
  readonly #met = new WeakSet<object>()

  constructor(fault: Fault) {
    this.fault = fault
  }

  get strikes(): number | undefined {
    return this.fault.kind === 'refuse' ? undefined : this.#strikes
  }

  strike(): void {
    this.#strikes += 1
  }

  /** Counts once per connection. */
  strikeOnce(connection: object): void {
    if (this.#met.has(connection)) return
    this.#met.add(connection)
    this.#strikes += 1
  }
}
