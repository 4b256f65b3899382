/** What one Baileys link is given, and whom it tells what happens on it. */

import type { AuthenticationCreds, WAVersion } from '@whiskeysockets/baileys'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { AuthState, CloseReport, InboundMessage } from '../ports/whatsapp-socket.ts'
import type { BaileysCaches } from './baileys-caches.ts'
import type { GroupCache } from './baileys-group-cache.ts'
import type { SentMessage } from './baileys-resend.ts'
import type { BaileysSettings } from './baileys-settings.ts'

/** What all links of one session share. */
export interface LinkDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: BaileysSettings
  readonly caches: BaileysCaches
  readonly groups: GroupCache
  readSent(messageId: string): Promise<SentMessage | undefined>
  onPairingCode(code: string): void
}

/** What a link tells its socket. */
export interface LinkOwner {
  /** False from the moment its end begins. */
  isAlive(): boolean
  /** False when the transport is gone. */
  mayUseKeys(): boolean
  accept(message: InboundMessage): Promise<void>
  onQr(text: string): void
  onOpen(): void
  onAck(messageId: string, errorCode: number | undefined): void
  onPhoneSeen(atMs: number): void
  /** The connection must not go on; the owner cuts it before this returns. */
  onBroken(report: CloseReport): void
  onClosing(): void
  /** `error` as Baileys gives it. */
  onClosed(error: unknown): void
}

export interface LinkSession {
  readonly auth: AuthState
  readonly creds: AuthenticationCreds
  readonly version: WAVersion
}
