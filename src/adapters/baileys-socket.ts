/**
 * The WhatsApp port's socket on Baileys: one attempt, from its version to its close. Owns the port's promises:
 * `close` exactly once and last, what waits rejected before it, an end that takes a bounded time. Baileys itself
 * is behind baileys-link.ts. Surprising: the report of a close that the adapter decided stands, whatever Baileys
 * makes of the transport that dies by it.
 */

import type { WAVersion } from '@whiskeysockets/baileys'
import { AppError, errorMessageOf } from '../errors.ts'
import type { Timer } from '../ports/clock.ts'
import type {
  CloseReport,
  ConnectOptions,
  Credentials,
  InboundMessage,
  OutgoingMessage,
  SocketEvent,
  WhatsappSocket,
} from '../ports/whatsapp-socket.ts'
import { closeReportOf, statusCodeOf } from './baileys-close-report.ts'
import { outsideTransactions } from './baileys-context.ts'
import { usableCreds } from './baileys-creds.ts'
import { BaileysLink } from './baileys-link.ts'
import type { LinkDeps, LinkOwner } from './baileys-link-owner.ts'

export interface SocketDeps extends LinkDeps {
  /** For a session with these credentials. Never rejects. */
  version(creds: Credentials): Promise<WAVersion>
  /** Told before the bot is. */
  onClosed(report: CloseReport): void
}

type Phase = 'preparing' | 'connecting' | 'open' | 'ending' | 'closed'

/** Over and above the grace that the server has to answer our close. */
const END_MARGIN_MS = 1_000

export class BaileysSocket implements WhatsappSocket, LinkOwner {
  readonly #deps: SocketDeps
  readonly #bot: ConnectOptions
  readonly #gone = Promise.withResolvers<void>()
  /** What to reject when the end begins: one for each question or send under way. */
  readonly #waiting = new Set<(error: Error) => void>()
  #phase: Phase = 'preparing'
  #link: BaileysLink | undefined
  /** Decided by us, not by Baileys. */
  #report: CloseReport | undefined
  #endTimer: Timer | undefined

  constructor(deps: SocketDeps, bot: ConnectOptions) {
    this.#deps = deps
    this.#bot = bot
    void this.#begin()
  }

  send(message: OutgoingMessage): Promise<void> {
    return this.#whileOpen((link) => link.send(message))
  }

  ping(): Promise<void> {
    return this.#whileOpen((link) => link.ping())
  }

  probe(): Promise<void> {
    return this.#whileOpen((link) => link.probe())
  }

  /** @throws AppError `socket-closed` unless a QR is shown */
  async requestPairingCode(phoneNumber: string): Promise<string> {
    if (this.#link === undefined || this.#phase !== 'connecting') throw closedError()
    return this.#link.requestPairingCode(phoneNumber)
  }

  end(): Promise<void> {
    if (this.#link === undefined) this.#finish(closeReportOf(undefined))
    else if (this.isAlive()) {
      this.#report = closeReportOf(undefined)
      this.onClosing()
      this.#link.end()
    }
    return this.#gone.promise
  }

  isAlive(): boolean {
    return this.#phase === 'connecting' || this.#phase === 'open'
  }

  mayUseKeys(): boolean {
    return this.#phase !== 'closed'
  }

  accept(message: InboundMessage): Promise<void> {
    return this.#bot.accept(message)
  }

  onQr(text: string): void {
    if (this.isAlive()) this.#emit({ type: 'qr', text })
  }

  onOpen(): void {
    if (this.#phase !== 'connecting') return
    this.#phase = 'open'
    this.#emit({ type: 'open' })
  }

  onAck(messageId: string, errorCode: number | undefined): void {
    if (this.isAlive()) this.#emit({ type: 'ack', messageId, errorCode })
  }

  onPhoneSeen(atMs: number): void {
    if (this.isAlive()) this.#emit({ type: 'phone-seen', atMs })
  }

  onBroken(report: CloseReport): void {
    if (!this.isAlive()) return
    this.#deps.logger.warn('whatsapp.broken', { reason: report.message, statusCode: report.statusCode })
    this.#report = report
    this.onClosing()
    this.#link?.cut(report)
  }

  onClosing(): void {
    if (!this.isAlive()) return
    this.#phase = 'ending'
    this.#rejectWaiting()
    const { clock, settings } = this.#deps
    this.#endTimer = clock.setTimer('whatsapp.end', settings.closeGraceMs + END_MARGIN_MS, () =>
      this.onClosed(undefined),
    )
  }

  onClosed(error: unknown): void {
    const report = this.#report ?? closeReportOf(error)
    this.#finish(this.#phase === 'closed' ? report : (this.#link?.concluded(report) ?? report))
  }

  async #begin(): Promise<void> {
    const version = await this.#deps.version(this.#bot.auth.creds)
    if (this.#phase !== 'preparing') return
    this.#phase = 'connecting'
    const { auth } = this.#bot
    try {
      this.#link = new BaileysLink(this.#deps, { auth, creds: usableCreds(auth.creds), version }, this)
    } catch (error) {
      this.#finish({ statusCode: undefined, message: errorMessageOf(error) })
    }
  }

  #finish(report: CloseReport): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#endTimer?.cancel()
    this.#rejectWaiting()
    this.#link?.dispose()
    this.#deps.onClosed(report)
    // In a turn of its own: whoever waits for a send hears of its failure before the close.
    setImmediate(() => {
      this.#emit({ type: 'close', report })
      this.#gone.resolve()
    })
  }

  #whileOpen(work: (link: BaileysLink) => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const link = this.#link
      if (link === undefined || this.#phase !== 'open') {
        reject(closedError())
        return
      }
      this.#waiting.add(reject)
      work(link)
        .finally(() => this.#waiting.delete(reject))
        .then(resolve, (error: unknown) => reject(portErrorOf(error)))
    })
  }

  #rejectWaiting(): void {
    for (const reject of this.#waiting) reject(closedError())
    this.#waiting.clear()
  }

  #emit(event: SocketEvent): void {
    outsideTransactions(() => this.#bot.onEvent(event))
  }
}

/** Baileys rejects with a Boom, with a plain error, and at an abrupt close with the WebSocket's close code. */
function portErrorOf(error: unknown): Error {
  if (error instanceof AppError) return error
  const statusCode = statusCodeOf(error)
  if (statusCode === 428 || !(error instanceof Error)) return closedError(error)
  if (statusCode === 408) return new AppError('timed-out', error.message, { cause: error })
  return error
}

function closedError(cause?: unknown): AppError {
  return new AppError('socket-closed', 'the connection to WhatsApp is closed', { cause })
}
