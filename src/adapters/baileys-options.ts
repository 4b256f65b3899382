/**
 * The options of Baileys that are the same for each connection, and why. History is declined: a bot answers what
 * is said from now on, and the history of a busy account does not fit the memory. Own messages are not announced
 * back, previews are not fetched, caches are ours and bounded.
 */

import { Browsers } from '@whiskeysockets/baileys'
import type { SocketConfig, WAVersion } from '@whiskeysockets/baileys'
import type { BaileysCaches } from './baileys-caches.ts'
import type { BaileysLogger } from './baileys-logger.ts'
import type { BaileysSettings } from './baileys-settings.ts'

/** Baileys' transactions are not repeated by Baileys: the store does that, and knows what may be repeated. */
export const ONE_ATTEMPT = { maxCommitRetries: 1, delayBetweenTriesMs: 0 }

export function baileysOptions(given: {
  readonly settings: BaileysSettings
  readonly caches: BaileysCaches
  readonly logger: BaileysLogger
  readonly version: WAVersion
}): Partial<SocketConfig> {
  const { settings, caches, logger, version } = given
  return {
    ...(settings.url === undefined ? {} : { waWebSocketUrl: settings.url }),
    ...(settings.qrTimeoutMs === undefined ? {} : { qrTimeout: settings.qrTimeoutMs }),
    logger,
    version,
    browser: Browsers.ubuntu('Chrome'),
    connectTimeoutMs: settings.connectTimeoutMs,
    keepAliveIntervalMs: settings.keepAliveIntervalMs,
    defaultQueryTimeoutMs: settings.queryTimeoutMs,
    markOnlineOnConnect: settings.markOnlineOnConnect,
    emitOwnEvents: false,
    // Baileys waits so long at each message that it cannot read, and lets all others wait behind it.
    retryRequestDelayMs: 0,
    syncFullHistory: false,
    shouldSyncHistoryMessage: () => false,
    generateHighQualityLinkPreview: false,
    transactionOpts: ONE_ATTEMPT,
    msgRetryCounterCache: caches.retryCounters,
    userDevicesCache: caches.userDevices,
    callOfferCache: caches.callOffers,
    placeholderResendCache: caches.placeholderResends,
  }
}
