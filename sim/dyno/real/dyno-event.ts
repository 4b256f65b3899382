/** What the simulator tells those who watch it, besides the log lines: facts with figures, in order. */

import type { MemoryMeasure } from '../../../src/ports/memory-probe.ts'
import type { KillReason, SigtermReason, StartReason } from '../model-dyno.ts'
import type { MemoryFigures, MemoryVerdict } from '../memory-verdict.ts'

/** `down`: scaled to zero or asleep. */
export type AppState = 'down' | 'starting' | 'up' | 'crashed'

export type RealStartReason = StartReason | 'wake' | 'scale'
export type RealSigtermReason = SigtermReason | 'idle' | 'scale'

export interface DynoEnd {
  readonly cause: 'exit' | KillReason
  /** Of the first process; 128 plus the signal's number when a signal ended it. */
  readonly status: number
  /** How long it had been up; undefined when it never was. */
  readonly upForMs: number | undefined
  /** Processes that were still there when the first one had ended, and were killed; a container tells of none. */
  readonly sweptProcesses: number
}

export interface MemorySampleEvent extends MemoryFigures {
  readonly kind: 'sample'
  readonly boot: number
  readonly usedBytes: number
  readonly measure: MemoryMeasure
  /** Anonymous pages and swap; undefined where the system does not tell. */
  readonly anonBytes: number | undefined
  /** Shared pages counted once per process. */
  readonly rssBytes: number
  readonly processes: number
  readonly verdict: MemoryVerdict
  /** False when the hard limit was met between two samples. */
  readonly isScheduled: boolean
}

export type DynoEventBody =
  | { readonly kind: 'state'; readonly from: AppState; readonly to: AppState; readonly boot: number }
  | {
      readonly kind: 'started'
      readonly boot: number
      readonly reason: RealStartReason
      /** Of the first process as this machine numbers it; 0 when it had ended before it could be seen. */
      readonly pid: number
      readonly port: number
      /** Its files on this machine, or its container's id. */
      readonly place: string
    }
  | { readonly kind: 'bound'; readonly boot: number; readonly afterMs: number }
  | {
      readonly kind: 'sigterm'
      readonly boot: number
      readonly reason: RealSigtermReason
      readonly isRepeated: boolean
      readonly processes: number
    }
  | { readonly kind: 'ended'; readonly boot: number; readonly end: DynoEnd }
  /** What a boot runs in could not be had, or has gone: the machine's doing, not the app's. */
  | { readonly kind: 'host-failed'; readonly boot: number; readonly why: string }
  | { readonly kind: 'cool-off'; readonly crashes: number; readonly waitMs: number }
  | {
      readonly kind: 'request'
      readonly code: string | undefined
      readonly status: number
      readonly serviceMs: number
    }
  | {
      readonly kind: 'oom-kill'
      readonly boot: number
      /** Undefined when the kernel did it at a container's limit. */
      readonly pid: number | undefined
      readonly usedBytes: number
    }
  | MemorySampleEvent

export type DynoEvent = DynoEventBody & { readonly atMs: number }
