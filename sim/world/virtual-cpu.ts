/** The CPU time that a virtual process has used, from the shares of a CPU that it took over time. */

export class VirtualCpu {
  #usedMs = 0
  #sinceMs: number

  constructor(nowMs: number) {
    this.#sinceMs = nowMs
  }

  /** What it used until `nowMs`, if it took this share since it was last asked. */
  account(nowMs: number, share: number): number {
    this.#usedMs += (nowMs - this.#sinceMs) * share
    this.#sinceMs = nowMs
    return this.#usedMs
  }
}
