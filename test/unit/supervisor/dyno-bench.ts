/** A supervisor with a clock moved by hand and bots that do what a test tells them. */

import type { ChildExit, ChildProcess, ChildProcessSpawner } from '../../../src/ports/child-process.ts'
import type { DynoExitReason } from '../../../src/ports/exit.ts'
import { toMessage } from '../../../src/supervisor/process-messages.ts'
import type { FromBot } from '../../../src/supervisor/process-messages.ts'
import { Supervisor } from '../../../src/supervisor/supervisor.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { botStatus } from './bot-status.ts'

type SpawnOptions = Parameters<ChildProcessSpawner['spawn']>[0]

/** One bot process. SIGKILL is confirmed at once unless `isUnkillable`. */
export class ScriptedBot implements ChildProcess {
  readonly id: number
  readonly env: Readonly<Record<string, string>>
  readonly received: unknown[] = []
  readonly signals: string[] = []
  isUnkillable = false
  cpuMs: number | undefined = 0
  readonly #options: SpawnOptions

  constructor(id: number, options: SpawnOptions) {
    this.id = id
    this.env = options.env
    this.#options = options
  }

  send(message: unknown): void {
    this.received.push(message)
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.signals.push(signal)
    if (!this.isUnkillable) this.ends({ exitCode: undefined, signal })
  }

  cpuTimeMs(): number | undefined {
    return this.cpuMs
  }

  says(message: FromBot): void {
    this.#options.onMessage(JSON.parse(JSON.stringify(toMessage(message))))
  }

  beats(): void {
    this.says({ type: 'heartbeat', latenessMs: 0, status: botStatus(), pairingCode: undefined })
  }

  ends(exit: Partial<ChildExit>): void {
    this.#options.onExit({ exitCode: undefined, signal: undefined, spawnError: undefined, ...exit })
  }
}

export class DynoBench {
  readonly clock = new ManualClock()
  readonly logger = new RecordingLogger()
  readonly bots: ScriptedBot[] = []
  readonly left: DynoExitReason[] = []
  readonly supervisor: Supervisor
  usedBytes = 100

  constructor() {
    this.supervisor = new Supervisor({
      clock: this.clock,
      logger: this.logger,
      random: { next: () => 0 },
      memoryProbe: {
        sample: () => ({ usedBytes: this.usedBytes, measure: 'pss', heapUsedBytes: 1, heapTotalBytes: 1 }),
      },
      exit: { exit: (reason) => this.left.push(reason) },
      spawner: {
        spawn: (options) => {
          const bot = new ScriptedBot(this.bots.length + 1, options)
          this.bots.push(bot)
          return bot
        },
      },
      botEnv: { BOT_OWNER: 'boot' },
      settings: {
        watchdog: { lookIntervalMs: 5_000, stallMs: 30_000, starvedStallMs: 300_000 },
        restart: {
          quickDelayMs: 500,
          law: { baseMs: 2_000, capMs: 120_000 },
          stableUptimeMs: 120_000,
          windowMs: 600_000,
          maxStartsPerWindow: 12,
        },
        memory: {
          isEnabled: true,
          quotaBytes: 1_000,
          recyclePercent: 110,
          patienceMs: 60_000,
          killPercent: 150,
        },
        memoryIntervalMs: 2_000,
        endTimeoutMs: 22_000,
        killTimeoutMs: 30_000,
        answerTimeoutMs: 60_000,
      },
    })
  }

  /** The newest bot process. */
  get bot(): ScriptedBot {
    const bot = this.bots.at(-1)
    if (bot === undefined) throw new Error('no bot was started')
    return bot
  }

  events(): string[] {
    return this.logger.lines.map(({ event }) => event)
  }

  /** Lets time pass while the newest bot beats every 5 s. */
  async passBeating(durationMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 5_000) {
      await this.clock.advance(5_000)
      this.bot.beats()
    }
  }
}
