/**
 * The WhatsApp port on the unmodified Baileys. Makes sockets and keeps what outlives them: the version, the
 * caches, and the silence of the libraries' console. One connector serves one session.
 */

import { DEFAULT_CONNECTION_CONFIG } from '@whiskeysockets/baileys'
import type { WAVersion } from '@whiskeysockets/baileys'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Reclaimer } from '../ports/reclaimer.ts'
import type { WhatsappConnector } from '../ports/whatsapp-socket.ts'
import { cacheReclaimer, createBaileysCaches } from './baileys-caches.ts'
import { silenceLibraryConsole } from './baileys-console.ts'
import { freshCreds } from './baileys-creds.ts'
import { extraOf } from './baileys-extras.ts'
import { isPaired } from './baileys-paired.ts'
import { GroupCache } from './baileys-group-cache.ts'
import type { SentMessage } from './baileys-resend.ts'
import { BAILEYS_SETTINGS } from './baileys-settings.ts'
import type { BaileysSettings } from './baileys-settings.ts'
import { BaileysSocket } from './baileys-socket.ts'
import type { SocketDeps } from './baileys-socket.ts'
import { VersionSource } from './baileys-version.ts'

export interface BaileysConnectorOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly settings?: Partial<BaileysSettings>
  /** A message the bot has sent, by its id, for recipients who could not decrypt it. */
  readSent(messageId: string): Promise<SentMessage | undefined>
  /** A session that is not paired was given this code, to be typed into its phone. */
  readonly onPairingCode?: (code: string) => void
  /** Asks for the newest version of WhatsApp Web; left out: the one that Baileys was made for. */
  readonly fetchVersion?: () => Promise<WAVersion>
}

export interface BaileysConnector extends WhatsappConnector {
  readonly reclaimers: readonly Reclaimer[]
  /**
   * A code to type into the phone of this number (digits), for the connection that shows a QR right now.
   * @throws AppError `socket-closed` when there is none.
   */
  requestPairingCode(phoneNumber: string): Promise<string>
}

const VERSION_REJECTED = 405

export function createBaileysConnector(options: BaileysConnectorOptions): BaileysConnector {
  silenceLibraryConsole()
  const { clock, logger, fetchVersion } = options
  const caches = createBaileysCaches(clock)
  const groups = new GroupCache(clock)
  const bundled = DEFAULT_CONNECTION_CONFIG.version
  const versions = new VersionSource({ clock, logger, bundled, fetchVersion })
  const deps: SocketDeps = {
    clock,
    logger,
    caches,
    groups,
    settings: { ...BAILEYS_SETTINGS, ...options.settings },
    readSent: (messageId) => options.readSent(messageId),
    onPairingCode: (code) => options.onPairingCode?.(code),
    version: (creds) => {
      versions.learn(extraOf(creds, 'acceptedVersion'))
      return versions.current()
    },
    onClosed: ({ statusCode }) => {
      if (statusCode === VERSION_REJECTED) versions.noteRejected()
    },
  }
  let newest: BaileysSocket | undefined
  return {
    freshCreds,
    isPaired,
    connect: (bot) => (newest = new BaileysSocket(deps, bot)),
    requestPairingCode: async (phoneNumber) => {
      if (newest === undefined) throw new AppError('socket-closed', 'no connection waits to be paired')
      return newest.requestPairingCode(phoneNumber)
    },
    reclaimers: [cacheReclaimer(caches, groups)],
  }
}
