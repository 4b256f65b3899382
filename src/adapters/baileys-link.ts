/**
 * One Baileys socket as this project wants it: its options, and what is put around it before the first frame.
 * Owns the coupling to Baileys' inside; the port's promises are baileys-socket.ts's.
 */

import { makeWASocket } from '@whiskeysockets/baileys'
import type {
  AuthenticationCreds,
  GroupMetadata,
  UserFacingSocketConfig,
  WASocket,
} from '@whiskeysockets/baileys'
import { errorCodeOf } from '../errors.ts'
import type { CloseReport, OutgoingMessage } from '../ports/whatsapp-socket.ts'
import { askActive } from './baileys-activation.ts'
import { notActivated, upgradeRefused } from './baileys-close-report.ts'
import { outsideTransactions } from './baileys-context.ts'
import { BaileysIntake } from './baileys-intake.ts'
import { guardedKeyStore } from './baileys-keys.ts'
import type { LinkDeps, LinkOwner, LinkSession } from './baileys-link-owner.ts'
import { createBaileysLogger, logTimeLock } from './baileys-logger.ts'
import { baileysOptions } from './baileys-options.ts'
import { BaileysPairing } from './baileys-pairing.ts'
import { listenForPhone } from './baileys-phone.ts'
import { askPing } from './baileys-probe.ts'
import { messageToResend } from './baileys-resend.ts'
import { BaileysSends } from './baileys-sends.ts'
import { createSignalRepository } from './baileys-signal-repository.ts'
import { BaileysTransport } from './baileys-transport.ts'
import { boundRetryManager, dropUnheardEvents } from './baileys-trimming.ts'
import { noteAccepted } from './baileys-version.ts'

export class BaileysLink {
  readonly #deps: LinkDeps
  readonly #session: LinkSession
  readonly #owner: LinkOwner
  readonly #sock: WASocket
  readonly #transport: BaileysTransport
  readonly #intake: BaileysIntake
  readonly #sends: BaileysSends
  readonly #pairing: BaileysPairing
  /** One of this login: then Baileys may say open of what is not. */
  #hasQueryFailed = false

  /** @throws what Baileys throws on unusable options */
  constructor(deps: LinkDeps, session: LinkSession, owner: LinkOwner) {
    this.#deps = deps
    this.#session = session
    this.#owner = owner
    this.#intake = new BaileysIntake({
      maxWaitingMessages: deps.settings.maxWaitingMessages,
      me: () => session.creds.me,
      isAlive: () => owner.isAlive(),
      accept: (message) => owner.accept(message),
      refuse: (reason) => this.#break(reason),
      pause: () => this.#transport.pause(),
      resume: () => this.#transport.resume(),
    })
    this.#sends = new BaileysSends({
      clock: deps.clock,
      probeTimeoutMs: deps.settings.probeTimeoutMs,
      me: () => session.creds.me,
      groupMetadata: (group) => this.#groupMetadata(group),
      untilHandled: () => this.#intake.idle(),
      onAck: (messageId, errorCode) => owner.onAck(messageId, errorCode),
    })
    this.#pairing = this.#createPairing()
    deps.groups.clear()
    // Timers and callbacks of this connection inherit nothing from the one before.
    this.#sock = outsideTransactions(() => makeWASocket(this.#options()))
    this.#transport = this.#guardTransport()
    this.#listen()
  }

  send(message: OutgoingMessage): Promise<void> {
    return this.#sends.send(this.#sock, message)
  }

  ping(): Promise<void> {
    return outsideTransactions(() => askPing(this.#sock, this.#deps.settings.pingTimeoutMs))
  }

  probe(): Promise<void> {
    return this.#sends.probe(this.#sock)
  }

  /** @throws AppError `socket-closed` before a QR was shown */
  requestPairingCode(phoneNumber: string): Promise<string> {
    return this.#pairing.requestCode(phoneNumber)
  }

  /** Closes in order, and never logs out. */
  end(): void {
    void this.#sock.end(undefined)
  }

  /** From now on nothing leaves; `onClosed` follows at once. */
  cut(report: CloseReport): void {
    this.#transport.terminate()
    void this.#sock.end(new Error(report.message))
  }

  /** The report of the end as the bot should read it. */
  concluded(report: CloseReport): CloseReport {
    return this.#pairing.closed(report)
  }

  /** After it nothing of this link runs any more, but for what Baileys already has in hand. */
  dispose(): void {
    this.#transport.dispose()
    this.#sock.messageRetryManager?.clear()
    this.#sock.ev.destroy()
  }

  #options(): UserFacingSocketConfig {
    const { settings, caches, logger } = this.#deps
    const { auth, creds, version } = this.#session
    const keys = guardedKeyStore(auth, {
      isAlive: () => this.#owner.mayUseKeys(),
      onFailure: (error) => this.#break(`session store failed (${errorCodeOf(error) ?? 'unknown'})`),
    })
    return {
      ...baileysOptions({
        settings,
        caches,
        version,
        logger: createBaileysLogger(logger, () => (this.#hasQueryFailed = true)),
      }),
      auth: { creds, keys },
      cachedGroupMetadata: (group) => this.#groupMetadata(group),
      getMessage: (key) =>
        messageToResend(key, {
          readSent: (messageId) => outsideTransactions(() => this.#deps.readSent(messageId)),
          lidOf: (jid) => this.#sock.signalRepository.lidMapping.getLIDForPN(jid),
        }),
      makeSignalRepository: (_auth, baileysLogger, lidsOf) =>
        createSignalRepository({
          creds,
          keys,
          logger: baileysLogger,
          lidsOf,
          lidMappings: caches.lidMappings,
          intake: this.#intake,
          onEncrypted: (recipient) => this.#sends.noteRecipient(recipient),
        }),
    }
  }

  #groupMetadata(group: string): Promise<GroupMetadata> {
    return this.#deps.groups.get(group, (missing) => this.#sock.groupMetadata(missing))
  }

  #guardTransport(): BaileysTransport {
    const { clock, logger, settings } = this.#deps
    return new BaileysTransport(this.#sock.ws, {
      clock,
      closeGraceMs: settings.closeGraceMs,
      onClosing: () => this.#owner.onClosing(),
      onUpgradeRefused: (httpStatus) => this.#owner.onBroken(upgradeRefused(httpStatus)),
      onCorruptFrame: () => this.#break('corrupt frame'),
      onMessage: (stanza, handle) => this.#intake.arrived(stanza, handle),
      onHandlerFailed: (event, error) =>
        logger.warn('whatsapp.handler-failed', { event, code: errorCodeOf(error) }),
    })
  }

  #listen(): void {
    const { ev, ws, messageRetryManager } = this.#sock
    this.#sends.listen(ws)
    this.#deps.groups.listen(ws)
    listenForPhone(ws, { me: () => this.#session.creds.me, onSign: (atMs) => this.#owner.onPhoneSeen(atMs) })
    dropUnheardEvents(ev)
    if (messageRetryManager !== null) boundRetryManager(this.#deps.clock, messageRetryManager)
    ev.on('creds.update', (change) => this.#saveCreds(change))
    ev.on('connection.update', ({ qr, connection, lastDisconnect, reachoutTimeLock }) => {
      if (reachoutTimeLock !== undefined) logTimeLock(this.#deps.logger, reachoutTimeLock)
      if (qr !== undefined) this.#pairing.offer(qr)
      if (connection === 'open') void this.#loggedIn()
      if (connection === 'close') this.#owner.onClosed(lastDisconnect?.error)
    })
  }

  /** Never rejects. */
  async #loggedIn(): Promise<void> {
    if (!this.#hasQueryFailed) return this.#opened()
    try {
      await outsideTransactions(() => askActive(this.#sock, this.#deps.settings.pingTimeoutMs))
      if (this.#owner.isAlive()) this.#opened()
    } catch (error) {
      this.#owner.onBroken(notActivated(error))
    }
  }

  #opened(): void {
    this.#pairing.opened()
    if (noteAccepted(this.#session)) this.#saveCreds({})
    this.#owner.onOpen()
  }

  #saveCreds(change: Partial<AuthenticationCreds>): void {
    const { auth, creds } = this.#session
    Object.assign(creds, change)
    const mustHold = this.#pairing.noteChange(change)
    const saved = outsideTransactions(() => auth.saveCreds())
    saved.catch((error: unknown) => this.#break(`credentials not saved (${errorCodeOf(error) ?? 'unknown'})`))
    if (mustHold) this.#transport.holdUntil(saved)
  }

  #createPairing(): BaileysPairing {
    const { auth, creds } = this.#session
    return new BaileysPairing({
      logger: this.#deps.logger,
      creds,
      phoneNumber: this.#deps.settings.pairingPhoneNumber,
      saveCreds: () => outsideTransactions(() => auth.saveCreds()),
      requestCode: (phoneNumber) => outsideTransactions(() => this.#sock.requestPairingCode(phoneNumber)),
      onQr: (text) => this.#owner.onQr(text),
      onCode: (code) => this.#deps.onPairingCode(code),
    })
  }

  #break(message: string): void {
    this.#owner.onBroken({ statusCode: undefined, message })
  }
}
