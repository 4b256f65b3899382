/** One connection's trap from where it is sprung to its moment; what is held back meanwhile is kept here. */

import type { TrapDoor, TrapSite, TrapVerdict, WriteTrap } from './write-trap.ts'

/**
 * How a client's exchange goes on. `client`: as ever. `held`, `watched`: it is sent, and its answer is treated so.
 * `late`: it is sent when it is released. `stopped`: never.
 */
export type ExchangeWay = 'client' | 'held' | 'watched' | 'late' | 'stopped'

export class TrapKeeper {
  readonly #door: TrapDoor
  /** Kept, because Node forgets it when the connection ends. */
  readonly #clientPort: number
  /** A client has one statement under way at a time, and so one trap. */
  #trap: WriteTrap | undefined
  #held: Buffer[] = []

  constructor(door: TrapDoor, clientPort: number) {
    this.#door = door
    this.#clientPort = clientPort
  }

  /**
   * @param names of the statements that the exchange executes
   * @param send sends it to the server
   */
  meet(names: readonly string[], send: () => void): ExchangeWay {
    const trap = this.#door.springFor(names)
    switch (trap?.moment) {
      case undefined:
        return 'client'
      case 'unsent':
        return trap.onSprung(this.#site()) === 'hold' ? 'stopped' : 'client'
      case 'late':
        trap.onSprung(this.#site(send))
        return 'late'
      case 'committed':
      case 'answered':
        this.#trap = trap
        return trap.moment === 'committed' ? 'held' : 'watched'
    }
  }

  /** A message of an answer that is held. @returns what the client may see now */
  held(bytes: Buffer, isLast: boolean): readonly Buffer[] {
    this.#held.push(bytes)
    if (!isLast) return []
    const held = this.#held
    this.#held = []
    return this.#spring() === 'hold' ? [] : held
  }

  /** The client's bytes are on their way, and no answer is watched any more. */
  answered(): void {
    if (this.#trap?.moment === 'answered') this.#spring()
  }

  #spring(): TrapVerdict | undefined {
    const trap = this.#trap
    this.#trap = undefined
    return trap?.onSprung(this.#site())
  }

  #site(release: () => void = () => undefined): TrapSite {
    return { clientPort: this.#clientPort, release }
  }
}
