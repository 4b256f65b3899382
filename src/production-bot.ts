/**
 * The bot with the real world behind its ports: Postgres, Baileys, the machine. Owns which adapter stands behind
 * which port, so that every process that runs the bot runs this one. Surprising: nothing is touched before
 * `start`, a database that is away included; the start-up steps meet that with their retries.
 */

import { fetchLatestWaWebVersion } from '@whiskeysockets/baileys'
import type { WAVersion } from '@whiskeysockets/baileys'
import { createBaileysConnector } from './adapters/baileys-connector.ts'
import { migrateDatabase } from './adapters/postgres-migrate.ts'
import { PostgresMessageJournal } from './adapters/postgres-message-journal.ts'
import { createPool } from './adapters/postgres-pool.ts'
import { PostgresSessionStore } from './adapters/postgres-session-store.ts'
import { readArchive } from './adapters/system-archive-file.ts'
import { SystemChildProcessSpawner } from './adapters/system-child-process.ts'
import { SystemClock } from './adapters/system-clock.ts'
import { SystemHeapWriter } from './adapters/system-heap-writer.ts'
import { SystemMemoryProbe, systemMemoryLimits } from './adapters/system-memory-probe.ts'
import { readPluginFolder } from './adapters/system-plugin-folder.ts'
import { processTreePids } from './adapters/system-processes.ts'
import { SystemRandom } from './adapters/system-random.ts'
import { SystemSecureRandom } from './adapters/system-secure-random.ts'
import type { PluginPorts } from './bot-plugins.ts'
import { Bot } from './bot.ts'
import { secretNames } from './config.ts'
import type { Config } from './config.ts'
import { dynoUsage } from './memory/dyno-memory.ts'
import { SentMessages } from './messages/sent-messages.ts'
import type { CommandHandler } from './plugins/plugin.ts'
import type { Exit } from './ports/exit.ts'
import type { Logger } from './ports/logger.ts'
import type { SocketEvent, WhatsappConnector } from './ports/whatsapp-socket.ts'
import { openArchive } from './session/session-archive.ts'
import { createRowCipher } from './session/encryption.ts'

export interface ProductionBotOptions {
  readonly config: Config
  readonly logger: Logger
  readonly exit: Exit
  /** UUID of the dyno boot. */
  readonly owner: string
  /** The process whose whole tree counts as the dyno's memory. */
  readonly rootPid: number
  readonly handlers: readonly CommandHandler[]
  /** As the bot's own. */
  onNews(): void
  /** What to show to the owner of a session that is not paired: a QR's content, or a code for the phone. */
  onPairing(show: { readonly kind: 'qr' | 'code'; readonly text: string }): void
}

export interface ProductionBot {
  readonly bot: Bot
  /**
   * A code to type into the phone of this number (digits, with country code), while a QR is shown.
   * @throws AppError `socket-closed` when none is shown
   */
  requestPairingCode(phoneNumber: string): Promise<string>
}

/** @throws AppError `config-invalid` */
export function createProductionBot(options: ProductionBotOptions): ProductionBot {
  const { config, logger, exit, owner, rootPid, handlers } = options
  const { sessionId } = config
  const clock = new SystemClock()
  const secureRandom = new SystemSecureRandom()
  const pool = createPool({
    databaseUrl: config.databaseUrl,
    maxConnections: config.databasePoolMax,
    ssl: config.databaseSsl,
    applicationName: `blacksky-md ${sessionId}`,
    logger,
  })
  const cipher = createRowCipher({ sessionId, secureRandom, keys: encryptionKeys(config) })
  const messageJournal = new PostgresMessageJournal({ pool, sessionId, cipher })
  const sentMessages = new SentMessages({ journal: messageJournal })
  const connector = createBaileysConnector({
    clock,
    logger,
    settings: {
      url: config.whatsappUrl,
      markOnlineOnConnect: config.isMarkedOnline,
      pairingPhoneNumber: config.pairingPhoneNumber,
    },
    readSent: (messageId) => sentMessages.read(messageId),
    onPairingCode: (text) => options.onPairing({ kind: 'code', text }),
    ...(config.whatsappUrl === undefined ? { fetchVersion } : {}),
  })
  const { cgroupLimitBytes, totalMemBytes } = systemMemoryLimits()
  const bot = new Bot(
    {
      clock,
      random: new SystemRandom(),
      secureRandom,
      logger,
      prepareStore: () => migrateDatabase({ pool, logger }),
      sessionStore: new PostgresSessionStore({ pool, sessionId, cipher }),
      messageJournal,
      memoryProbe: new SystemMemoryProbe({ pids: () => processTreePids(rootPid), usageOf: dynoUsage }),
      ...sessionImport(config),
      heapWriter: new SystemHeapWriter({ dynoPid: rootPid }),
      plugins: pluginPorts(config),
      reclaimers: [sentMessages.reclaimer, ...connector.reclaimers],
      connector: showingCodes(connector, (text) => options.onPairing({ kind: 'qr', text })),
      exit,
    },
    {
      owner,
      config,
      handlers,
      onNews: () => options.onNews(),
      containerLimitBytes: cgroupLimitBytes,
      totalMemoryBytes: totalMemBytes,
    },
  )
  return { bot, requestPairingCode: (phoneNumber) => connector.requestPairingCode(phoneNumber) }
}

/** Compiled in production, as it is written in development. */
const PLUGIN_MODULE = new URL(
  import.meta.url.endsWith('.ts') ? './plugin-main.ts' : './plugin-main.js',
  import.meta.url,
)
/** An eighth of the smallest quota, for V8's old space in the plugin host; a Node process takes 40 MB beside it. */
const PLUGIN_HEAP_MB = 64

function pluginPorts({ pluginFolder }: Config): PluginPorts {
  return {
    readFolder: () => readPluginFolder(pluginFolder),
    spawner: new SystemChildProcessSpawner({
      module: PLUGIN_MODULE,
      nodeFlags: [`--max-old-space-size=${PLUGIN_HEAP_MB}`],
      withheld: secretNames(),
    }),
  }
}

/** The text of an export, or the path of a file that holds one. */
function sessionImport({ sessionImport: source, sessionPassphrase = '' }: Config) {
  if (source === undefined) return {}
  return { readSessionImport: () => openArchive(readArchive(source), sessionPassphrase) }
}

function encryptionKeys({ sessionEncryptionKey, sessionEncryptionKeyPrevious }: Config): Uint8Array[] {
  return [sessionEncryptionKey, sessionEncryptionKeyPrevious].filter((key) => key !== undefined)
}

/** The same connector, which also shows each QR to somebody beside the bot. */
function showingCodes(connector: WhatsappConnector, onQr: (text: string) => void): WhatsappConnector {
  return {
    freshCreds: () => connector.freshCreds(),
    isPaired: (creds) => connector.isPaired(creds),
    connect: (bot) =>
      connector.connect({
        ...bot,
        onEvent: (event: SocketEvent) => {
          if (event.type === 'qr') onQr(event.text)
          bot.onEvent(event)
        },
      }),
  }
}

/** What WhatsApp's own web client is today; Baileys answers with its own version when it cannot tell. */
async function fetchVersion(): Promise<WAVersion> {
  const { version, isLatest } = await fetchLatestWaWebVersion()
  if (!isLatest) throw new Error('WhatsApp does not say its version')
  return version
}
