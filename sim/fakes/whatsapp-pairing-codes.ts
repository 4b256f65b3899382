/**
 * The pairing codes of one socket, shown one after another: the first lives 60 s, each later one 20 s, and
 * after the last the socket ends itself with the same 408 as an outage, told apart only by its words.
 */

import type { ScheduledEvent } from '../world/scheduler.ts'
import { FIRST_QR_MS, NEXT_QR_MS } from './whatsapp-rules.ts'
import { afterMs } from './whatsapp-socket-context.ts'
import type { SocketContext } from './whatsapp-socket-context.ts'

export interface PairingCodesOptions {
  readonly context: SocketContext
  /** @param codeNumber from 1 */
  onCode(text: string, codeNumber: number): void
  onExhausted(): void
}

export class PairingCodes {
  readonly #options: PairingCodesOptions
  #timer: ScheduledEvent | undefined
  #lastShown: string | undefined
  #isStopped = false

  constructor(options: PairingCodesOptions) {
    this.#options = options
  }

  get lastShown(): string | undefined {
    return this.#lastShown
  }

  show(codes: readonly string[]): void {
    this.#showNext(codes, 0)
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #showNext(codes: readonly string[], index: number): void {
    // Stopped while the process hung and this waited for it.
    if (this.#isStopped) return
    const text = codes[index]
    if (text === undefined) {
      this.#options.onExhausted()
      return
    }
    this.#lastShown = text
    const livesMs = index === 0 ? FIRST_QR_MS : NEXT_QR_MS
    this.#timer = afterMs(this.#options.context, 'wa.qr', livesMs, () => this.#showNext(codes, index + 1))
    this.#options.onCode(text, index + 1)
  }
}
