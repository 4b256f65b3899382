/** Processes the bot starts and ends. Used by the supervisor; the bot itself never starts the bot. */

export interface ChildExit {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
}

export interface ChildProcess {
  readonly id: number
  send(message: unknown): void
  /** SIGTERM asks, SIGKILL ends. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

export interface ChildProcessSpawner {
  spawn(options: {
    readonly args: readonly string[]
    readonly env: Readonly<Record<string, string>>
    onMessage(message: unknown): void
    onExit(exit: ChildExit): void
  }): ChildProcess
}
