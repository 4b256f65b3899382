/** The numbers and choices of the connection to WhatsApp, with their defaults. */

export interface BaileysSettings {
  /** Undefined: WhatsApp's own. Anything else is for tests, and must be a loopback address. */
  readonly url: string | undefined
  /** Shows the account as online; its phone then gets no notifications. */
  readonly markOnlineOnConnect: boolean
  /** For the TCP connection, the handshake and each write. */
  readonly connectTimeoutMs: number
  /** Baileys' own ping; silence for so long and 5 s more ends the connection. */
  readonly keepAliveIntervalMs: number
  /** Baileys' deadline for a question. A send asks up to two before it writes. */
  readonly queryTimeoutMs: number
  readonly pingTimeoutMs: number
  readonly probeTimeoutMs: number
  /** How long the server may take to answer our close. */
  readonly closeGraceMs: number
  /** Messages that may wait to be decrypted and accepted, before the transport is read no further. */
  readonly maxWaitingMessages: number
  /** Undefined: a code lives as long as WhatsApp says, 60 s and then 20 s each. */
  readonly qrTimeoutMs: number | undefined
  /** Digits; when set, a session that is not paired is given a code to type into the phone of this number. */
  readonly pairingPhoneNumber: string | undefined
}

export const BAILEYS_SETTINGS: BaileysSettings = {
  url: undefined,
  markOnlineOnConnect: false,
  connectTimeoutMs: 20_000,
  keepAliveIntervalMs: 30_000,
  queryTimeoutMs: 30_000,
  pingTimeoutMs: 15_000,
  probeTimeoutMs: 30_000,
  closeGraceMs: 1_000,
  // About 3 MB of small messages, and a tenth of a second's work.
  maxWaitingMessages: 200,
  qrTimeoutMs: undefined,
  pairingPhoneNumber: undefined,
}
