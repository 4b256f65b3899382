/**
 * Clients that wait to be paired, found by the reference in their QR text or by the phone number for which they
 * asked a code. A client leaves when it is paired or its connection ends.
 */

import type { LinkedDevice } from '../directory/linked-device.ts'
import type { Account } from '../people/account.ts'

/** One client that waits. */
export interface Waiting {
  /** References of the QR texts that it may show. */
  readonly refs: ReadonlySet<string>
  /** The phone number for which it asked a code, if it has. */
  readonly codeFor: string | undefined
  pairByQr(account: Account, advSecret: Buffer, identity: Buffer): Promise<LinkedDevice>
  pairByCode(account: Account, code: string): Promise<LinkedDevice>
}

export interface QrText {
  readonly ref: string
  readonly identity: Buffer
  readonly advSecret: Buffer
}

export class Pairings {
  readonly #waiting = new Set<Waiting>()

  get size(): number {
    return this.#waiting.size
  }

  add(waiting: Waiting): void {
    this.#waiting.add(waiting)
  }

  remove(waiting: Waiting): void {
    this.#waiting.delete(waiting)
  }

  async scan(account: Account, qrText: string): Promise<LinkedDevice> {
    const { ref, identity, advSecret } = parseQrText(qrText)
    const waiting = [...this.#waiting].find((each) => each.refs.has(ref))
    if (waiting === undefined) {
      throw new Error('no client waits under this QR text: it is paired, gone, or of another server')
    }
    return waiting.pairByQr(account, advSecret, identity)
  }

  async enterCode(account: Account, code: string): Promise<LinkedDevice> {
    const waiting = [...this.#waiting].find((each) => each.codeFor === account.pn)
    if (waiting === undefined) throw new Error(`no client has asked for a pairing code for ${account.pn}`)
    return waiting.pairByCode(account, code.replaceAll('-', ''))
  }
}

/**
 * Reads the QR text of a Baileys client: version 7 puts a link before a `#`, version 6 does not.
 * @throws Error when the text has not the parts that a client's QR has
 */
export function parseQrText(text: string): QrText {
  const [ref, noiseKey, identity, advSecret] = text.slice(text.indexOf('#') + 1).split(',')
  if (ref === undefined || noiseKey === undefined || identity === undefined || advSecret === undefined) {
    throw new Error('this is not the QR text of a WhatsApp client: it lacks reference, keys or secret')
  }
  return { ref, identity: Buffer.from(identity, 'base64'), advSecret: Buffer.from(advSecret, 'base64') }
}
