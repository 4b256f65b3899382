/** What the lab and the agent inside a process say to each other; the agent's side is balloon-agent.mjs. */

import type { BalloonKind } from '../../fakes/memory-ledger.ts'

/** The ledger's kinds, and those that only a real process has. */
export const REAL_BALLOON_KINDS = [
  'heap',
  'strings',
  'external',
  'small-blocks',
  'timers',
  'listeners',
  'garbage',
  'cache',
  'child',
] as const
export type RealBalloonKind = (typeof REAL_BALLOON_KINDS)[number]
/** Breaks the compilation when the ledger learns a kind that the agent does not know. */
export type LedgerKindsAreKnown = BalloonKind extends RealBalloonKind ? true : never

export interface AgentHello {
  /** As this machine numbers it, also where the process itself counts otherwise, as in a container. */
  readonly pid: number
  /** Of /proc/self/stat: when it was started; undefined without /proc. */
  readonly startTicks?: number
  readonly parentPid: number
  readonly argv: readonly string[]
  /** `v24.1.0` */
  readonly node: string
}

/** `heldBytes` of garbage is what has been made. */
export interface HoldAnswer {
  readonly heldBytes: number
  /** Another request for the same kind took over. */
  readonly isSuperseded?: boolean
}

export interface AgentReport {
  /** By kind, for those that were ever asked for. */
  readonly held: Readonly<Partial<Record<RealBalloonKind, number>>>
  /** process.memoryUsage() of the target, bytes. */
  readonly memory: Readonly<Record<'rss' | 'heapUsed' | 'heapTotal' | 'external' | 'arrayBuffers', number>>
}

export type AgentRequest =
  | {
      readonly do: 'hold'
      readonly kind: RealBalloonKind
      readonly bytes: number
      readonly bytesPerSecond?: number
    }
  | { readonly do: 'report' }
  | { readonly do: 'collect' }

export type AgentMessage =
  | { readonly hello: AgentHello }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
