/**
 * A trap at the next statement that somebody waits for: when it is sprung, its owner is called back at exactly one
 * moment of the statement's way, before anything more passes on that connection. What the owner then does, such as
 * killing a process, happens there and nowhere else.
 */

/**
 * `unsent`: the server has nothing of it. `late`: neither, and it arrives only when it is released. `committed`: the
 * server has done and answered it, and the client has heard nothing. `answered`: the client's bytes are on their way.
 */
export type TrapMoment = 'unsent' | 'late' | 'committed' | 'answered'

/** `hold`: nothing more passes; the connection ends with one of its ends. `pass`: it goes on as if nothing had been. */
export type TrapVerdict = 'hold' | 'pass'

export interface TrapSite {
  /** The client's port, by which the kernel knows its process. */
  readonly clientPort: number
  /** Sends what is held up to the server; only for `late`, whose client does not live to hear the answer. */
  release(): void
}

export interface WriteTrap {
  readonly moment: TrapMoment
  /**
   * Asked for each exchange of each connection in turn, until one is wanted.
   * @param names of the prepared statements that it executes
   */
  wants(names: readonly string[]): boolean
  /** Once, synchronously. The verdict counts for `unsent` and `committed`; a `late` write is held in any case. */
  onSprung(site: TrapSite): TrapVerdict
}

/** At most one trap is set at a time, and each is sprung at most once. */
export class TrapDoor {
  #trap: WriteTrap | undefined

  set(trap: WriteTrap | undefined): void {
    this.#trap = trap
  }

  /** The trap, taken out, when this exchange is what it waits for. */
  springFor(names: readonly string[]): WriteTrap | undefined {
    const trap = this.#trap
    if (trap === undefined || names.length === 0 || !trap.wants(names)) return undefined
    this.#trap = undefined
    return trap
  }
}
