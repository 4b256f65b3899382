/**
 * Baileys' keep-alive: every 30 s it looks how long nothing came; more than 35 s ends the socket, else it
 * pings. So a silence is noticed 35 to 65 s after the last frame. Any frame counts as life, and silence is
 * measured on the wall clock, as Baileys does: a clock that jumps forward cuts the connection.
 */

import type { ScheduledEvent, Scheduler } from '../world/scheduler.ts'
import type { VirtualProcess } from '../world/virtual-process.ts'
import { KEEP_ALIVE_INTERVAL_MS, KEEP_ALIVE_MARGIN_MS } from './whatsapp-rules.ts'

export interface KeepAliveOptions {
  readonly scheduler: Scheduler
  readonly process: VirtualProcess
  /** Sends a ping; true when the answer is as good as here, which spares two events every 30 s. */
  ping(): boolean
  onSilence(): void
}

export class KeepAlive {
  readonly #options: KeepAliveOptions
  #tick: ScheduledEvent | undefined
  #lastFrameMs = 0

  constructor(options: KeepAliveOptions) {
    this.#options = options
  }

  start(): void {
    this.noteFrame()
    this.#schedule()
  }

  noteFrame(): void {
    this.#lastFrameMs = this.#options.process.nowMs()
  }

  stop(): void {
    this.#tick?.cancel()
    this.#tick = undefined
  }

  #schedule(): void {
    const { scheduler, process } = this.#options
    const tick = (): void => process.deliver(this.#look)
    this.#tick = scheduler.schedule('wa.keep-alive', KEEP_ALIVE_INTERVAL_MS, tick)
  }

  readonly #look = (): void => {
    // Stopped while the process hung and this waited for it.
    if (this.#tick === undefined) return
    const silenceMs = this.#options.process.nowMs() - this.#lastFrameMs
    if (silenceMs > KEEP_ALIVE_INTERVAL_MS + KEEP_ALIVE_MARGIN_MS) {
      this.stop()
      this.#options.onSilence()
      return
    }
    if (this.#options.ping()) this.noteFrame()
    this.#schedule()
  }
}
