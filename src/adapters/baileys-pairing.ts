/**
 * Pairing over one connection: what is shown to the owner, and that a crash may come in between. The credentials
 * of a new device are committed before WhatsApp hears that we have them, and carry a mark until it has confirmed
 * the pairing, which it does by a restart. Surprising: a login that is refused with 401 under that mark is no
 * logout, because our answer may never have reached WhatsApp. Then the half pairing is forgotten, and begins anew.
 */

import type { AuthenticationCreds } from '@whiskeysockets/baileys'
import { AppError, errorCodeOf } from '../errors.ts'
import type { Logger } from '../ports/logger.ts'
import type { CloseReport } from '../ports/whatsapp-socket.ts'
import { extraOf, setExtra } from './baileys-extras.ts'

export interface PairingDeps {
  readonly logger: Logger
  readonly creds: AuthenticationCreds
  /** Digits; a code is asked for as soon as it can be. */
  readonly phoneNumber: string | undefined
  saveCreds(): Promise<void>
  /** Baileys' own. */
  requestCode(phoneNumber: string): Promise<string>
  onQr(text: string): void
  onCode(code: string): void
}

const MARK = 'isPairingUnconfirmed'
const RESTART_REQUIRED = 515
const LOGGED_OUT = 401

export class BaileysPairing {
  readonly #deps: PairingDeps
  #isOffered = false
  /** This very connection made a paired device of us. */
  #isPairedHere = false

  constructor(deps: PairingDeps) {
    this.#deps = deps
  }

  offer(qr: string): void {
    const isFirst = !this.#isOffered
    this.#isOffered = true
    this.#deps.onQr(qr)
    const { phoneNumber, logger } = this.#deps
    if (!isFirst || phoneNumber === undefined) return
    this.requestCode(phoneNumber).then(
      (code) => this.#deps.onCode(code),
      (error: unknown) => logger.warn('whatsapp.no-pairing-code', { code: errorCodeOf(error) }),
    )
  }

  /** @throws AppError `socket-closed` before a QR was shown */
  async requestCode(phoneNumber: string): Promise<string> {
    if (!this.#isOffered) throw new AppError('socket-closed', 'no connection waits to be paired')
    return this.#deps.requestCode(phoneNumber)
  }

  /** To be called before changed credentials are stored; true when nothing may leave until they are. */
  noteChange(change: Partial<AuthenticationCreds>): boolean {
    const { creds } = this.#deps
    if (!this.#isOffered || this.#isPairedHere || change.account === undefined) return false
    this.#isPairedHere = true
    setExtra(creds, MARK, true)
    return true
  }

  opened(): void {
    if (isMarked(this.#deps.creds)) this.#unmark()
  }

  /** The report as the bot should read it. */
  closed(report: CloseReport): CloseReport {
    const { creds, logger } = this.#deps
    if (!isMarked(creds)) return report
    if (report.statusCode === RESTART_REQUIRED) this.#unmark()
    // On the connection that paired, a 401 is WhatsApp's answer to just that.
    if (report.statusCode !== LOGGED_OUT || this.#isPairedHere) return report
    logger.warn('whatsapp.pairing-undone')
    undoPairing(creds)
    this.#save()
    return { statusCode: undefined, message: 'the pairing was not completed' }
  }

  #unmark(): void {
    setExtra(this.#deps.creds, MARK, undefined)
    this.#save()
  }

  /** Left out by a failure it is made up for: the mark is looked at again at the next connection. */
  #save(): void {
    this.#deps.saveCreds().catch((error: unknown) => {
      this.#deps.logger.warn('whatsapp.pairing-not-saved', { code: errorCodeOf(error) })
    })
  }
}

function isMarked(creds: AuthenticationCreds): boolean {
  return extraOf(creds, MARK) !== undefined
}

/** The device's own keys stay: they are no less good for another try. */
function undoPairing(creds: AuthenticationCreds): void {
  delete creds.me
  delete creds.account
  delete creds.signalIdentities
  delete creds.platform
  creds.registered = false
  setExtra(creds, MARK, undefined)
}
