/**
 * Everything a command has opened and must not leave behind: worker processes, databases, Postgres and its
 * files. Each is handed over together with the way to release it *before* it is opened, so that a Ctrl-C
 * during the opening finds it too. A second Ctrl-C changes nothing: the release under way goes on.
 */

import { errorMessageOf } from '../../src/errors.ts'
import { Interrupted } from './lab-problem.ts'
import type { ExitCode } from './exit-code.ts'

/** A release that takes longer is given up and reported; ending the process frees what is left. */
const MAX_RELEASE_MS = 30_000

export class Lifetime {
  readonly #maxReleaseMs: number
  readonly #releases: (() => Promise<void>)[] = []
  readonly #onInterrupt: () => void
  readonly #interruption: Promise<never>
  #exitCode: ExitCode | undefined
  #end: Promise<readonly string[]> | undefined

  constructor(maxReleaseMs: number = MAX_RELEASE_MS) {
    this.#maxReleaseMs = maxReleaseMs
    const { promise, reject } = Promise.withResolvers<never>()
    this.#interruption = promise
    this.#onInterrupt = () => reject(new Interrupted('interrupted'))
    // Nobody has to be waiting when the signal comes.
    promise.catch(() => undefined)
  }

  get isInterrupted(): boolean {
    return this.#exitCode !== undefined
  }

  /** The code to exit with after a signal; undefined without one. */
  get interruptedExitCode(): ExitCode | undefined {
    return this.#exitCode
  }

  /** Releases in the reverse order of owning. `release` must bear being called once at any time. */
  own(release: () => Promise<void>): void {
    this.#releases.push(release)
  }

  /** Rejects with `Interrupted` as soon as a signal came, else as `work` does. */
  unlessInterrupted<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#interruption])
  }

  interrupt(exitCode: ExitCode): void {
    if (this.#exitCode !== undefined) return
    this.#exitCode = exitCode
    this.#onInterrupt()
  }

  /** Releases everything, however often it is called; answers what could not be released. */
  end(): Promise<readonly string[]> {
    this.#end ??= this.#releaseAll()
    return this.#end
  }

  async #releaseAll(): Promise<readonly string[]> {
    const failures: string[] = []
    for (let release = this.#releases.pop(); release !== undefined; release = this.#releases.pop()) {
      try {
        await inTime(release(), this.#maxReleaseMs)
      } catch (error) {
        failures.push(errorMessageOf(error))
      }
    }
    return failures
  }
}

async function inTime(work: Promise<void>, limitMs: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`it took longer than ${limitMs / 1_000} s`)), limitMs)
  try {
    await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
