/** The settings of the supervisor: how it judges the bot's process and starts it anew. */

import { optionalWholeNumber, wholeNumber } from './config-setting.ts'

const HOUR_MS = 3_600_000

export const SUPERVISOR = {
  heartbeatIntervalMs: wholeNumber(
    'HEARTBEAT_INTERVAL_MS',
    { unit: 'ms', min: 50, max: 60_000, default: 2000 },
    'How often the bot tells the supervisor that its event loop turns, and how it is.',
  ),
  botStallMs: wholeNumber(
    'BOT_STALL_MS',
    { unit: 'ms', min: 500, max: HOUR_MS, default: 30_000 },
    'A bot silent for so long hangs and is replaced; a machine may stop for 20 s, and a starved bot gets ten times as long.',
  ),
  botRestartBackoffBaseMs: wholeNumber(
    'BOT_RESTART_BACKOFF_BASE_MS',
    { unit: 'ms', min: 50, max: 60_000, default: 2000 },
    'Longest wait after the second failure in a row of the bot process; it doubles with each further one.',
  ),
  botRestartBackoffCapMs: wholeNumber(
    'BOT_RESTART_BACKOFF_CAP_MS',
    { unit: 'ms', min: 100, max: HOUR_MS, default: 120_000 },
    'Longest wait for the next bot process, so that the bot is back minutes after what broke it is mended.',
  ),
  botRestartWindowMs: wholeNumber(
    'BOT_RESTART_WINDOW_MS',
    { unit: 'ms', min: 1000, max: 24 * HOUR_MS, default: 600_000 },
    'The rolling window in which BOT_STARTS_PER_WINDOW counts.',
  ),
  botStartsPerWindow: wholeNumber(
    'BOT_STARTS_PER_WINDOW',
    { unit: 'starts', min: 2, max: 1000, default: 12 },
    'Bot processes that the window allows, recycled ones included: as many as connection attempts.',
  ),
  botHeapMb: optionalWholeNumber(
    'BOT_HEAP_MB',
    { unit: 'MB', min: 64, max: 1_048_576 },
    "V8's old space in the bot. Unset: the quota, so that recycling begins before V8 gives up.",
  ),
}
