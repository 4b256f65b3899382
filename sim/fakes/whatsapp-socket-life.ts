/**
 * The life of one socket of the fake WhatsApp library, inside the bot's process: connecting, pairing or
 * login, open, closing, closed; events in Baileys' order, silences included. The surprise: it may still speak
 * after its `close`, and after an HTTP error at the upgrade it never says anything.
 */

import type { CloseReport, ConnectOptions, InboundMessage } from '../../src/ports/whatsapp-socket.ts'
import type { ScheduledEvent } from '../world/scheduler.ts'
import type { TraceData } from '../world/trace.ts'
import type {
  Ciphertext,
  ClientFrames,
  DeviceIdentity,
  PreKeyUpload,
  WhatsappConnection,
} from './whatsapp-connection.ts'
import { helloOf, noiseKeyText, pairingCodeText, setIdentity } from './whatsapp-creds.ts'
import { KeepAlive } from './whatsapp-keep-alive.ts'
import { speakLate } from './whatsapp-late-events.ts'
import { PairingCodes } from './whatsapp-pairing-codes.ts'
import { addPreKeys, ignoreFailure } from './whatsapp-pre-keys.ts'
import * as rules from './whatsapp-rules.ts'
import { afterMs } from './whatsapp-socket-context.ts'
import type { SocketContext } from './whatsapp-socket-context.ts'
import { SocketTraffic } from './whatsapp-traffic.ts'

type SocketState = 'connecting' | 'pairing' | 'logging-in' | 'open' | 'closing' | 'closed'

/** `client`: its keep-alive or another deadline of its own. `process`: its process died. */
type ClosedBy = 'server' | 'client' | 'end' | 'process'

/** The id of the keep-alive's own pings, which nobody waits for. */
const NOBODY_ASKS = -1

export class SocketLife implements ClientFrames {
  readonly traffic: SocketTraffic
  readonly #context: SocketContext
  readonly #bot: ConnectOptions
  readonly #connection: WhatsappConnection
  readonly #keepAlive: KeepAlive
  readonly #codes: PairingCodes
  readonly #onGone: () => void
  readonly #gone = Promise.withResolvers<void>()
  readonly #connectTimer: ScheduledEvent
  #state: SocketState = 'connecting'

  /** @param onGone told when `close` is given: only late events may follow */
  constructor(context: SocketContext, bot: ConnectOptions, onGone: () => void) {
    this.#context = context
    this.#bot = bot
    this.#onGone = onGone
    const { scheduler, process, server } = context
    this.#keepAlive = new KeepAlive({
      scheduler,
      process,
      ping: () => this.#pingForKeepAlive(),
      onSilence: () => this.#beginClose(rules.CLOSE_REPORTS.connectionLost, 'client'),
    })
    this.#codes = new PairingCodes({
      context,
      onCode: (text, codeNumber) => this.#showCode(text, codeNumber),
      onExhausted: () => this.#beginClose(rules.CLOSE_REPORTS.qrExhausted, 'client'),
    })
    this.#connectTimer = afterMs(context, 'wa.connect-timeout', rules.CONNECT_TIMEOUT_MS, () =>
      this.#beginClose(rules.CLOSE_REPORTS.timedOut, 'client'),
    )
    this.#connection = server.connect(process, this, () => helloOf(bot.auth.creds))
    const write = (action: () => void): void => this.#write(action)
    const isEnded = (): boolean => !this.isReading
    this.traffic = new SocketTraffic({ context, connection: this.#connection, bot, isEnded, write })
  }

  get isReading(): boolean {
    return this.#state !== 'closing' && this.#state !== 'closed'
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Resolves when the transport is gone; may be called again. */
  end(): Promise<void> {
    this.#beginClose(rules.CLOSE_REPORTS.ended, 'end')
    return this.#gone.promise
  }

  /** The process is dead: nothing of it runs any more; its kernel closes the connection. */
  abandon(): void {
    if (this.#state === 'closed') return
    if (this.isReading) this.#hangUp()
    this.#stopTimers()
    this.#state = 'closed'
    this.#recordClose({ statusCode: undefined, message: 'process ended' }, 'process')
  }

  onTcpRefused(): void {
    this.#beginClose(rules.CLOSE_REPORTS.tcpRefused, 'server')
  }

  onUpgradeIgnored(): void {
    this.#connectTimer.cancel()
  }

  onQrRefs(refs: readonly string[]): void {
    if (!this.#enter('pairing')) return
    this.#keepAlive.start()
    const { creds } = this.#bot.auth
    this.#codes.show(refs.map((ref) => pairingCodeText(ref, creds)))
  }

  onPairSuccess(identity: DeviceIdentity): void {
    if (!this.#hears()) return
    const { creds } = this.#bot.auth
    this.#codes.stop()
    setIdentity(creds, identity)
    this.#bot.auth.saveCreds().catch(ignoreFailure)
    // Baileys answers at once; whether the credentials are committed shows later, or never.
    const noiseKey = noiseKeyText(creds)
    this.#write(() => this.#context.server.logins.confirmPairing(this.#connection, identity, noiseKey))
  }

  onLoginSuccess(preKeysOnServer: number): void {
    if (!this.#enter('logging-in')) return
    this.#keepAlive.start()
    addPreKeys(this.#context, this.#bot.auth, preKeysOnServer, (keys) => this.#activate(keys))
  }

  onActive(): void {
    if (!this.#enter('open') || !this.#hears()) return
    this.#context.server.noteOpen(this.#connection)
    // At each login Baileys learns its own LID and asks for the credentials to be saved.
    this.#bot.auth.saveCreds().catch(ignoreFailure)
    this.#bot.onEvent({ type: 'open' })
  }

  onMessage(cipher: Ciphertext, kind: InboundMessage['kind']): void {
    this.#keepAlive.noteFrame()
    this.traffic.arrive(cipher, kind)
  }

  onPhoneReceipt(saidAtMs: number): void {
    if (this.#hears()) this.traffic.seePhone(saidAtMs)
  }

  onAck(messageId: string, errorCode: number | undefined): void {
    if (this.#hears()) this.#bot.onEvent({ type: 'ack', messageId, errorCode })
  }

  onPong(questionId: number): void {
    if (this.#hears()) this.traffic.questions.answer(questionId)
  }

  onProbeReply(questionId: number): void {
    if (this.#hears()) this.traffic.intake.push({ probeReply: questionId })
  }

  onStreamEnd(report: CloseReport): void {
    this.#beginClose(report, 'server')
  }

  /** Any frame is a sign of life; false when the socket has ended and it comes too late. */
  #hears(): boolean {
    if (this.isReading) this.#keepAlive.noteFrame()
    return this.isReading
  }

  /** False when the socket has ended. */
  #enter(state: SocketState): boolean {
    if (!this.isReading) return false
    this.#connectTimer.cancel()
    this.#state = state
    return true
  }

  #showCode(text: string, codeNumber: number): void {
    this.#context.server.noteQrShown(this.#connection, codeNumber)
    this.#bot.onEvent({ type: 'qr', text })
  }

  #activate(keys: readonly PreKeyUpload[]): void {
    const { server } = this.#context
    if (keys.length > 0) this.#write(() => server.logins.uploadPreKeys(this.#connection, keys))
    this.#write(() => server.activate(this.#connection))
  }

  /** True when it is known without asking that the answer comes. */
  #pingForKeepAlive(): boolean {
    const { server } = this.#context
    if (server.faults.stallKind === undefined) return true
    this.#write(() => server.answer(this.#connection, 'ping', NOBODY_ASKS))
    return false
  }

  #write(action: () => void): void {
    if (!this.isReading || !this.#context.process.assertUsable('whatsapp.write')) return
    this.#connection.toServer.send(this.#oneWayMs(), action)
  }

  #beginClose(report: CloseReport, by: ClosedBy): void {
    if (!this.isReading) return
    const { server, stream } = this.#context
    const isAtOnce = by === 'server' || this.#state === 'connecting'
    const isBlackHole = server.faults.stallKind === 'black-hole'
    const delayMs = rules.closingMs(stream, { isAtOnce, isBlackHole })
    if (by !== 'server') {
      this.#record('wa.end', {})
      this.#hangUp()
    }
    this.#state = 'closing'
    this.#stopTimers()
    this.traffic.end()
    // In an event of its own: whoever waits for a send hears of its failure before the close.
    afterMs(this.#context, 'wa.close', delayMs, () => this.#finishClose(report, by))
  }

  #finishClose(report: CloseReport, by: ClosedBy): void {
    this.#state = 'closed'
    this.#recordClose(report, by)
    this.#onGone()
    this.#bot.onEvent({ type: 'close', report })
    this.#gone.resolve()
    speakLate(this.#context, this.#connection, this.#bot, this.#codes.lastShown)
  }

  /** Tells the server; before the handshake is through there is nobody to tell, and it never happens. */
  #hangUp(): void {
    const { server } = this.#context
    if (this.#state === 'connecting') server.finish(this.#connection)
    else this.#connection.toServer.send(this.#oneWayMs(), () => server.finish(this.#connection))
  }

  #stopTimers(): void {
    this.#connectTimer.cancel()
    this.#codes.stop()
    this.#keepAlive.stop()
  }

  #oneWayMs(): number {
    return rules.drawMs(this.#context.stream, rules.LATENCY_MS.oneWay)
  }

  #recordClose(report: CloseReport, by: ClosedBy): void {
    this.#record('wa.close', { statusCode: report.statusCode ?? null, message: report.message, by })
  }

  #record(kind: string, data: TraceData): void {
    const { server, process } = this.#context
    server.record(kind, { connection: this.#connection.number, process: process.id, ...data })
  }
}
