/**
 * Faults of real processes by signals: SIGSTOP for a hang, SIGSTOP and SIGCONT in turn for a share of the CPU,
 * SIGABRT for a crash, because SIGKILL is a supervisor's. A process that is stopped computes nothing: for its supervisor it hangs idle.
 */

import { signalQuietly } from '../dyno/real/dyno-processes.ts'
import type { RealFaultOf } from '../faults/real-fault.ts'
import type { PrngStream } from '../world/prng.ts'
import type { TraceData } from '../world/trace.ts'
import type { BotProcess, ProcessWatch } from './process-watch.ts'

export type ProcessFault = RealFaultOf<'hang' | 'starve' | 'bot-hang' | 'bot-starve' | 'bot-crashes'>

export interface ProcessFaultsOptions {
  readonly processes: ProcessWatch
  /** The process that does a bot's work: its own, or one that it has started and only waits for, as `npm start` does. */
  workerOf(bot: BotProcess): number
  readonly stream: PrngStream
  record(source: string, kind: string, data: TraceData): void
}

/** A tenth of a CPU: so long it runs, so long it stands. The kernel's own quota has a period of 100 ms, too. */
const RUN_MS = 10
const STAND_MS = 90
const CRASH_LOOK_MS = 20

export class ProcessFaults {
  readonly #options: ProcessFaultsOptions
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Stopped now, to be continued at the end. */
  readonly #stopped = new Set<number>()

  constructor(options: ProcessFaultsOptions) {
    this.#options = options
  }

  /** Of the newest bot that lives, the process that does its work. */
  get botPid(): number | undefined {
    return this.#bot && this.#options.workerOf(this.#bot)
  }

  /** Whether nothing that was begun is still to be continued or ended. */
  get isIdle(): boolean {
    return this.#timers.size === 0
  }

  /** @returns asked at the end, whether somebody was struck */
  begin(fault: ProcessFault): () => boolean {
    switch (fault.kind) {
      case 'hang':
        return this.#onDyno('dyno.hang', fault.forMs, (pids) => this.#stand(pids, fault.forMs))
      case 'starve':
        return this.#onDyno('dyno.starve', fault.forMs, (pids) => this.#starve(pids, fault.forMs))
      case 'bot-hang':
        return this.#hangBot(fault.forMs)
      case 'bot-starve':
        return this.#starveBot(fault.forMs)
      case 'bot-crashes':
        return this.#crash(fault)
      default:
        return fault satisfies never
    }
  }

  /** Lets everything run again. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers.clear()
    for (const pid of this.#stopped) signalQuietly(pid, 'SIGCONT')
  }

  get #bot(): BotProcess | undefined {
    return this.#options.processes.living.at(-1)
  }

  #onDyno(
    kind: string,
    forMs: number,
    strike: (pids: () => readonly number[]) => () => boolean,
  ): () => boolean {
    const { processes } = this.#options
    const boot = processes.newestBoot
    if (boot === undefined) return () => false
    this.#options.record('dyno', kind, { dynoId: `web.1#${boot}`, forMs })
    return strike(() => processes.pidsOf(boot))
  }

  #hangBot(forMs: number): () => boolean {
    const bot = this.#bot
    if (bot === undefined) return () => false
    this.#options.record(bot.name, 'bot.hang', { dynoId: bot.dynoId, how: 'idle' })
    const pid = this.#options.workerOf(bot)
    const hasStruck = this.#stand(() => [pid], forMs)
    this.#later(forMs, () => {
      if (this.#options.processes.living.includes(bot))
        this.#options.record(bot.name, 'bot.hang', { dynoId: bot.dynoId, how: 'none' })
    })
    return hasStruck
  }

  #starveBot(forMs: number): () => boolean {
    const bot = this.#bot
    if (bot === undefined) return () => false
    this.#options.record(bot.name, 'dyno.starve', { dynoId: bot.dynoId, forMs, of: 'bot' })
    const pid = this.#options.workerOf(bot)
    return this.#starve(() => [pid], forMs)
  }

  /** Each process within its span fails within `withinMs` of its start. */
  #crash({ forMs, withinMs }: RealFaultOf<'bot-crashes'>): () => boolean {
    const { processes, stream } = this.#options
    const doomed = new Set<string>()
    let crashes = 0
    const look = setInterval(() => {
      for (const bot of processes.living) {
        if (doomed.has(bot.name)) continue
        doomed.add(bot.name)
        this.#later(stream.integer(1, withinMs), () => {
          if (signalQuietly(this.#options.workerOf(bot), 'SIGABRT')) crashes += 1
        })
      }
    }, CRASH_LOOK_MS)
    this.#timers.add(look)
    this.#later(forMs, () => {
      clearInterval(look)
      this.#timers.delete(look)
    })
    return () => crashes > 0
  }

  #stand(pids: () => readonly number[], forMs: number): () => boolean {
    const stopped = pids().filter((pid) => this.#signal(pid, 'SIGSTOP'))
    this.#later(forMs, () => {
      for (const pid of stopped) this.#signal(pid, 'SIGCONT')
    })
    return () => stopped.length > 0
  }

  #starve(pids: () => readonly number[], forMs: number): () => boolean {
    const untilMs = performance.now() + forMs
    let hasStruck = false
    const turn = (): void => {
      if (performance.now() >= untilMs) return
      const stopped = pids().filter((pid) => this.#signal(pid, 'SIGSTOP'))
      hasStruck ||= stopped.length > 0
      this.#later(STAND_MS, () => {
        for (const pid of stopped) this.#signal(pid, 'SIGCONT')
        this.#later(RUN_MS, turn)
      })
    }
    turn()
    return () => hasStruck
  }

  /** False when the process had ended already. */
  #signal(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): boolean {
    const hasStruck = signalQuietly(pid, signal)
    if (signal === 'SIGSTOP' && hasStruck) this.#stopped.add(pid)
    else this.#stopped.delete(pid)
    return hasStruck
  }

  #later(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, delayMs)
    this.#timers.add(timer)
  }
}
