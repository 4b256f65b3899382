/**
 * One connection as both ends see it: its number, its two pipes and what may travel from server to client.
 * What the client sends are plain calls of the server, made through `toServer`. Nothing here decides.
 */

import type { CloseReport, InboundMessage } from '../../src/ports/whatsapp-socket.ts'
import type { PrngStream } from '../world/prng.ts'
import type { Scheduler } from '../world/scheduler.ts'
import type { TraceData } from '../world/trace.ts'
import type { Deafness, WhatsappFaults } from './whatsapp-faults.ts'
import type { Phone } from './whatsapp-phone.ts'
import type { Pipe } from './whatsapp-pipe.ts'
import type { CipherStep } from './whatsapp-ratchet.ts'
import type { SenderCiphers } from './whatsapp-senders.ts'
import type { TruthLedger } from './whatsapp-truth.ts'

/** What the parts of the server share. */
export interface ServerContext {
  readonly scheduler: Scheduler
  readonly stream: PrngStream
  readonly faults: WhatsappFaults
  readonly truth: TruthLedger
  readonly phone: Phone
  readonly senders: SenderCiphers
  record(kind: string, data: TraceData): void
}

/** An inbound message under way to the bot. */
export interface Ciphertext extends CipherStep, Omit<InboundMessage, 'kind'> {
  /** The one-time key this message was made with; the bot deletes it with the first use. */
  readonly preKeyId: number | undefined
  readonly isFromPhone: boolean
  /** How many retry receipts were answered by this ciphertext. */
  readonly retryCount: number
}

/** Who the phone says the new device is. */
export interface DeviceIdentity {
  readonly deviceId: string
  readonly jid: string
}

/** What a client shows of itself when it says hello. */
export interface Hello {
  readonly isPaired: boolean
  readonly deviceId: string
  readonly noiseKey: string
}

export interface PreKeyUpload {
  readonly id: number
  readonly publicKey: string
}

/** Frames from the server, each handled inside the bot's process. */
export interface ClientFrames {
  /** False once the socket has ended: a frame that comes then is lost. */
  readonly isReading: boolean
  onTcpRefused(): void
  /** An HTTP error at the upgrade: Baileys listens for it and so neither fails nor times out (measured). */
  onUpgradeIgnored(): void
  onQrRefs(refs: readonly string[]): void
  onPairSuccess(identity: DeviceIdentity): void
  onLoginSuccess(preKeysOnServer: number): void
  onActive(): void
  onMessage(cipher: Ciphertext, kind: InboundMessage['kind']): void
  onAck(messageId: string, errorCode: number | undefined): void
  /** Of the phone, wall clock by the server. */
  onPhoneReceipt(saidAtMs: number): void
  onPong(questionId: number): void
  onProbeReply(questionId: number): void
  onStreamEnd(report: CloseReport): void
}

/** `handshake` → `pairing` or `logged-in` → `active` (messages flow) → `closed`; the server's view. */
export type ConnectionStage = 'handshake' | 'pairing' | 'logged-in' | 'active' | 'closed'

export class WhatsappConnection {
  readonly number: number
  readonly processId: string
  readonly client: ClientFrames
  readonly toServer: Pipe
  readonly toClient: Pipe
  stage: ConnectionStage = 'handshake'
  deafness: Deafness = 'none'
  /** The last of the bot's messages that the server took, for an ack that comes late. */
  lastTakenId: string | undefined

  constructor(options: {
    readonly number: number
    readonly processId: string
    readonly client: ClientFrames
    readonly toServer: Pipe
    readonly toClient: Pipe
  }) {
    this.number = options.number
    this.processId = options.processId
    this.client = options.client
    this.toServer = options.toServer
    this.toClient = options.toClient
  }

  /** It delivers nothing. */
  get isDeaf(): boolean {
    return this.deafness !== 'none'
  }
}
