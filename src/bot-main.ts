/**
 * The bot process. Reads the environment, builds the bot on the real world, and ends it in order on SIGTERM.
 * A failure that nobody handled ends the process at once: whoever started it starts another. Surprising: only the
 * kind of such a failure and where it happened are logged, because libraries put messages and keys into errors.
 */

import { randomUUID } from 'node:crypto'
import { toString as qrText } from 'qrcode'
import { PinoLogger } from './adapters/pino-logger.ts'
import { SystemClock } from './adapters/system-clock.ts'
import { SystemExit } from './adapters/system-exit.ts'
import { systemParentProcess } from './adapters/system-parent-process.ts'
import type { Bot } from './bot.ts'
import { configProblemsText } from './config-report.ts'
import { describeConfig, parseConfig } from './config.ts'
import type { Config } from './config.ts'
import { framesOf } from './error-frames.ts'
import type { Logger } from './ports/logger.ts'
import { createProductionBot } from './production-bot.ts'
import { BotChannel } from './supervisor/bot-channel.ts'
import type { BotAnswer } from './supervisor/process-messages.ts'

/** sysexits' EX_CONFIG: another start changes nothing before somebody mends the settings. */
const EXIT_CONFIG = 78

const parsed = parseConfig(process.env)
if (parsed.ok) {
  const logger = new PinoLogger({ level: parsed.config.logLevel })
  for (const { setting, problem } of parsed.warnings) logger.warn('config.suspicious', { setting, problem })
  logger.info('config', describeConfig(parsed.config))
  runBot(parsed.config, logger)
} else {
  process.stderr.write(configProblemsText(parsed.problems))
  process.exitCode = EXIT_CONFIG
}

function runBot(config: Config, logger: Logger): void {
  const exit = new SystemExit()
  const parent = systemParentProcess()
  let pairingCode: string | undefined
  let channel: BotChannel | undefined
  const failed = (event: string, error: unknown): void => {
    logger.error(event, { error: error instanceof Error ? error.name : typeof error, at: framesOf(error) })
    exit.exit('failed')
  }
  process.on('uncaughtException', (error) => failed('bot.uncaught', error))
  process.on('unhandledRejection', (error) => failed('bot.unhandled', error))
  const { bot } = createProductionBot({
    config,
    logger,
    exit,
    owner: config.sessionOwner ?? randomUUID(),
    rootPid: parent === undefined ? process.pid : process.ppid,
    handlers: [],
    onNews: () => channel?.news(),
    onPairing: (show) => {
      if (show.kind === 'code') pairingCode = show.text
      channel?.news()
      showPairing(show, logger)
    },
  })
  process.on('SIGTERM', () => bot.terminate())
  process.on('SIGINT', () => bot.terminate())
  if (parent !== undefined) {
    channel = new BotChannel({
      clock: new SystemClock(),
      logger,
      parent,
      heartbeatIntervalMs: config.heartbeatIntervalMs,
      status: () => bot.status(),
      pairingCode: () => pairingCode,
      terminate: () => bot.terminate(),
      recycle: () => bot.terminate('recycle'),
      answer: () => Promise.resolve(heapSnapshotAnswer(bot)),
    })
    channel.start()
  }
  bot.start()
}

function heapSnapshotAnswer(bot: Bot): BotAnswer {
  const outcome = bot.takeHeapSnapshot()
  if (outcome.status === 'refused') return outcome
  const { path, bytes, durationMs } = outcome
  return { status: 'done', result: { path, bytes, durationMs } }
}

/** A code lets whoever reads it pair a device of their own: it goes to a terminal, never into a kept log. */
function showPairing(
  { kind, text }: { readonly kind: 'qr' | 'code'; readonly text: string },
  logger: Logger,
): void {
  logger.info('pairing.wanted', { kind })
  if (!process.stdout.isTTY) return
  if (kind === 'code') {
    process.stdout.write(`\nType this code into WhatsApp on your phone (Linked devices): ${text}\n\n`)
    return
  }
  qrText(text, { type: 'terminal', small: true }).then(
    (picture) => process.stdout.write(`\nScan with WhatsApp on your phone (Linked devices):\n${picture}\n`),
    () => logger.warn('pairing.not-shown', { kind }),
  )
}
