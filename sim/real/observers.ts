/** Everything that watches a run at the real level, and the trace that they write: server, kernel, simulator, log. */

import type { DynoEvent } from '../dyno/real/dyno-event.ts'
import type { LogLine } from '../dyno/real/log-line.ts'
import type { RealTarget } from '../targets/real/real-target.ts'
import { TargetWatch } from '../targets/real/target-watch.ts'
import type { TraceData, TraceListener } from '../world/trace.ts'
import { ConnectionWatch } from './connection-watch.ts'
import { DynoWatch } from './dyno-watch.ts'
import { LOOK_MS, ProcessWatch } from './process-watch.ts'
import type { BotProcess } from './process-watch.ts'
import { RealTrace } from './real-trace.ts'

export interface ObserversOptions {
  readonly target: RealTarget
  readonly keepLines: number
  /** Of the fake WhatsApp. */
  whatsappPort(): number
}

export class Observers {
  readonly trace: RealTrace
  readonly processes: ProcessWatch
  readonly connections: ConnectionWatch
  readonly dynos: DynoWatch
  readonly target: TargetWatch
  readonly #listeners: TraceListener[] = []
  readonly #looking: NodeJS.Timeout
  readonly #isBotKnown: boolean
  #isHeard = true

  constructor(options: ObserversOptions) {
    const { botProcess, command, image } = options.target
    this.#isBotKnown = botProcess !== undefined
    this.target = new TargetWatch({ command: command.join(' '), image })
    const record = this.record.bind(this)
    this.trace = new RealTrace(options.keepLines)
    this.trace.listen((event) => {
      if (this.#isHeard) for (const listener of this.#listeners) listener(event)
    })
    const isBot = botProcess === undefined ? undefined : (line: string) => line.includes(botProcess)
    this.processes = new ProcessWatch({ isBot, record })
    this.connections = new ConnectionWatch({
      serverPort: () => options.whatsappPort(),
      processes: () => {
        this.processes.look()
        return this.processes.living
      },
      record: (kind, data) => this.record('whatsapp', kind, data),
    })
    this.#looking = setInterval(() => this.connections.look(), LOOK_MS)
    this.dynos = new DynoWatch({ processes: this.processes, record })
  }

  observeDyno(event: DynoEvent): void {
    this.dynos.observe(event)
    this.target.observe(event)
  }

  observeLine(line: LogLine): void {
    this.dynos.observeLine(line)
    this.target.observeLine(line)
  }

  /** For ProcessFaults: which process of a stranger's dyno is the bot shows by who speaks with WhatsApp. */
  workerOf({ pid, boot }: BotProcess): number {
    return this.#isBotKnown ? pid : (this.connections.holderAmong(this.processes.pidsOf(boot)) ?? pid)
  }

  listen(listener: TraceListener): void {
    this.#listeners.push(listener)
  }

  record(source: string, kind: string, data: TraceData): void {
    this.trace.record(source, kind, data)
  }

  /** What happens while a target is being linked is nobody's claim. */
  mute(): void {
    this.#isHeard = false
  }

  /** The run begins, with what is there already: told as if it had just come. */
  begin(): void {
    this.trace.begin()
    if (this.#isHeard) return
    this.#isHeard = true
    this.processes.announce()
    this.connections.announce()
  }

  stop(): void {
    clearInterval(this.#looking)
    this.processes.stop()
  }
}
