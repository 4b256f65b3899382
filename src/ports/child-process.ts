/**
 * A process and the process that started it, as each sees the other. Used by the supervisor and its bot; the
 * bot itself never starts a bot. Messages are plain JSON values, in order, and are lost when the other side
 * has ended.
 */

export interface ChildExit {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  /** Why it could not even be started, e.g. `EAGAIN`; undefined when it ran. */
  readonly spawnError: string | undefined
}

export interface ChildProcess {
  /** The system's number of the process; 0 when it could not be started. */
  readonly id: number
  send(message: unknown): void
  /** SIGTERM asks, SIGKILL ends. Harmless when it has ended already. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
  /** CPU time that all its threads have used since its start, ms; undefined where the system does not tell. */
  cpuTimeMs(): number | undefined
}

export interface ChildProcessSpawner {
  /** Never throws: a start that fails is an exit with `spawnError`, told after `spawn` has returned. */
  spawn(options: {
    /** Added to the own environment. */
    readonly env: Readonly<Record<string, string>>
    onMessage(message: unknown): void
    /** Called once, when the system has confirmed its end; no message follows. */
    onExit(exit: ChildExit): void
  }): ChildProcess
}

/** The process that started this one. */
export interface ParentProcess {
  /** Harmless when the parent has ended. */
  send(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  /** The channel is closed: the parent has ended, or has let go of this process. Called at once if it is already. */
  onClosed(listener: () => void): void
}
