/**
 * The switches a fault turns on the server, and how often each one struck: a fault that never struck proves
 * nothing. Switches stay until lifted, but for `disconnect` and `unlinkDevice`, which act at once. What a
 * switch does to the traffic is the server's business; it asks here and reports each strike.
 */

import type { CloseReport } from '../../src/ports/whatsapp-socket.ts'

/**
 * What a connection attempt gets. A report: a `failure` frame at login. `tcp-refused`: nobody listens.
 * `hang`: an HTTP error at the upgrade, which Baileys neither fails nor times out on (measured).
 */
export type LoginRefusal = CloseReport | 'tcp-refused' | 'hang'

/** `silent`: no frame comes, but the transport still closes. `black-hole`: nothing comes at all. */
export type StallKind = 'silent' | 'black-hole'

/**
 * `acknowledging`: pings are answered and the bot's messages and probes confirmed, but neither messages nor receipts
 * come. `mute`: no confirmation comes either.
 */
export type Deafness = 'none' | 'acknowledging' | 'mute'

const NO_STRIKES = {
  deaf: 0,
  disconnect: 0,
  'drop-ack': 0,
  'duplicate-delivery': 0,
  'error-ack': 0,
  'phone-absent': 0,
  'phone-off': 0,
  'refuse-login': 0,
  'restart-loop': 0,
  stall: 0,
  unlink: 0,
}
export type WhatsappFaultName = keyof typeof NO_STRIKES

/** What the server does at once when a switch is turned. Counts are of connections struck. */
export interface FaultActs {
  /** Ends every connection there is. */
  disconnectAll(report: CloseReport): number
  /** Removes the device from the account; 401 on the live connection. */
  unlinkDevice(): number
  connections(): number
  releaseFrames(): void
  setDeaf(deafness: Deafness): void
  /** The phone catches up with what came while it was off. */
  phoneTurnedOn(): void
  /** The phone scans what is shown now. */
  scanShownCodes(): void
}

export class WhatsappFaults {
  readonly #acts: FaultActs
  readonly #strikes: Record<WhatsappFaultName, number> = { ...NO_STRIKES }
  #refusal: LoginRefusal | undefined
  #stall: StallKind | undefined
  #deafAfterReconnect: Deafness = 'none'
  #dropAckProbability = 0
  #duplicateProbability = 0
  #errorAck = { code: 0, probability: 0 }
  #isRestartLoop = false
  #isPhoneOff = false
  #scanDelayMs: number | undefined = 8_000

  constructor(acts: FaultActs) {
    this.#acts = acts
  }

  /** How often each fault has taken effect since the world began. */
  strikes(): Readonly<Record<WhatsappFaultName, number>> {
    return { ...this.#strikes }
  }

  /** For the server: the fault took effect. */
  strike(name: WhatsappFaultName, times = 1): void {
    this.#strikes[name] += times
  }

  /** Cuts the live connection (and any other); the client hears `report`. */
  disconnect(report: CloseReport): void {
    this.strike('disconnect', this.#acts.disconnectAll(report))
  }

  /** The phone unlinks the device: 401 now and at every later login; strikes count each 401. */
  unlinkDevice(): void {
    this.strike('unlink', this.#acts.unlinkDevice())
  }

  get refusal(): LoginRefusal | undefined {
    return this.#refusal
  }

  refuseLogins(refusal: LoginRefusal): void {
    this.#refusal = refusal
  }

  acceptLogins(): void {
    this.#refusal = undefined
  }

  get stallKind(): StallKind | undefined {
    return this.#stall
  }

  /** No frame goes either way, on connections there are and on new ones. */
  stall(kind: StallKind): void {
    this.#stall = kind
    this.strike('stall', this.#acts.connections())
  }

  /** Frames that were held arrive now. */
  resumeStall(): void {
    this.#stall = undefined
    this.#acts.releaseFrames()
  }

  get deafAfterReconnect(): Deafness {
    return this.#deafAfterReconnect
  }

  /**
   * The next connection is well again, unless `afterReconnect` is 'stays'. Strikes count what was withheld.
   */
  setDeaf(deafness: Deafness, afterReconnect: 'well' | 'stays' = 'well'): void {
    this.#deafAfterReconnect = afterReconnect === 'stays' ? deafness : 'none'
    this.#acts.setDeaf(deafness)
  }

  get dropAckProbability(): number {
    return this.#dropAckProbability
  }

  /** The server takes a message of the bot's and its ack is lost. 0 lifts. */
  dropAcks(probability: number): void {
    this.#dropAckProbability = probability
  }

  get duplicateProbability(): number {
    return this.#duplicateProbability
  }

  /** A live message comes twice, each time readable: Baileys hands both on (measured). 0 lifts. */
  duplicateDelivery(probability: number): void {
    this.#duplicateProbability = probability
  }

  get errorAckRule(): { readonly code: number; readonly probability: number } {
    return this.#errorAck
  }

  /** The server refuses a message of the bot's, e.g. 463 or 479: no chat shows it. Probability 0 lifts. */
  errorAck(code: number, probability: number): void {
    this.#errorAck = { code, probability }
  }

  get isRestartLoop(): boolean {
    return this.#isRestartLoop
  }

  /** Every login is answered with 515 soon after it opened. */
  restartLoop(isOn: boolean): void {
    this.#isRestartLoop = isOn
  }

  get isPhoneOff(): boolean {
    return this.#isPhoneOff
  }

  /** The phone answers nothing while it is off; strikes count what it did not answer. */
  phoneIs(state: 'on' | 'off'): void {
    this.#isPhoneOff = state === 'off'
    if (state === 'on') this.#acts.phoneTurnedOn()
  }

  /** How long the phone takes to scan a code; undefined: it never does. */
  get scanDelayMs(): number | undefined {
    return this.#scanDelayMs
  }

  phoneScans(policy: 'after', delayMs: number): void
  phoneScans(policy: 'never'): void
  phoneScans(policy: 'after' | 'never', delayMs = 0): void {
    this.#scanDelayMs = policy === 'after' ? delayMs : undefined
    if (policy === 'after') this.#acts.scanShownCodes()
  }
}
