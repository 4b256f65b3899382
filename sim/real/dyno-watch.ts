/** What the Heroku simulator tells, in the trace's words: `dyno.*`, and each JSON line of the app as `log.<event>`. */

import type { DynoEnd, DynoEvent } from '../dyno/real/dyno-event.ts'
import type { LogLine } from '../dyno/real/log-line.ts'
import type { TraceData, TraceValue } from '../world/trace.ts'
import type { ProcessWatch } from './process-watch.ts'

export interface DynoWatchOptions {
  readonly processes: ProcessWatch
  record(source: string, kind: string, data: TraceData): void
}

export class DynoWatch {
  readonly #options: DynoWatchOptions
  /** Boots that were told to stop. */
  readonly #stopping = new Set<number>()

  constructor(options: DynoWatchOptions) {
    this.#options = options
  }

  observe(event: DynoEvent): void {
    switch (event.kind) {
      case 'started':
        this.#options.processes.dynoStarted(event.boot, event.pid)
        this.#record('dyno.starting', event.boot, { reason: event.reason })
        return
      case 'bound':
        this.#record('dyno.up', event.boot, { afterMs: event.afterMs })
        return
      case 'sigterm':
        this.#stopping.add(event.boot)
        this.#record(event.isRepeated ? 'dyno.sigterm-repeated' : 'dyno.sigterm', event.boot, {
          reason: event.reason,
        })
        return
      case 'sample': {
        const { memoryMb, percent, verdict, boot } = event
        this.#record('dyno.memory', boot, { memoryMb, percent })
        if (verdict === 'r14' || verdict === 'r15') this.#record(`dyno.${verdict}`, boot, { memoryMb })
        return
      }
      case 'ended':
        this.#ended(event.boot, event.end)
        return
      case 'cool-off':
        this.#options.record('dyno', 'dyno.cool-off', { crashes: event.crashes, waitMs: event.waitMs })
        return
      // What Heroku's router and its log make of it is not the bot's doing.
      case 'state':
      case 'request':
      case 'oom-kill':
      // Ends the run.
      case 'host-failed':
    }
  }

  /** A line of the app's output. Texts that are not JSON are nobody's events. */
  observeLine({ source, text, boot }: LogLine): void {
    if (source !== 'app' || boot === undefined) return
    const fields = parseLine(text)
    if (fields === undefined) return
    const { event, ...rest } = fields
    const dynoId = `web.1#${boot}`
    if (event === 'supervisor.bot-ended') {
      const [exitCode, signal] = [rest['exitCode'], rest['signal']]
      this.#options.processes.botEnded(boot, {
        exitCode: typeof exitCode === 'number' ? exitCode : undefined,
        signal: typeof signal === 'string' ? signal : undefined,
      })
    }
    // Nothing but the bot's own word tells of a collection; that memory was given back, Heroku's samples show.
    if (event === 'memory.cleanup')
      this.#record('memory.reclaim', boot, { what: 'cleanup', usedBytes: rest['beforeBytes'] ?? 0 })
    this.#options.record(dynoId, `log.${event}`, { ...rest, dynoId })
  }

  #ended(boot: number, { cause, status }: DynoEnd): void {
    this.#options.processes.dynoEnded(boot)
    if (cause === 'r12') this.#record('dyno.r12', boot, {})
    if (cause !== 'exit') this.#record('dyno.sigkill', boot, { reason: cause })
    this.#record('dyno.exited', boot, { status, isExpected: this.#stopping.has(boot) })
  }

  #record(kind: string, boot: number, data: TraceData): void {
    this.#options.record('dyno', kind, { dynoId: `web.1#${boot}`, ...data })
  }
}

interface LogFields {
  readonly event: string
  readonly [name: string]: TraceValue
}

/** The fields of a log line; undefined for anything but a JSON object with an event. */
export function parseLine(text: string): LogFields | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const { time: _time, ...fields } = JSON.parse(text) as Record<string, TraceValue>
    return typeof fields['event'] === 'string' ? (fields as LogFields) : undefined
  } catch {
    return undefined
  }
}
