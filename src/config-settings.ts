/**
 * The table of all settings: what each one is called, may be, is by default, and why. config.ts parses by
 * it, docs/configuration.md is generated from it (`npm run docs`). Add a setting here and nowhere else.
 */

import {
  oneOf,
  optionalLoopbackUrl,
  optionalText,
  optionalWholeNumber,
  platformWholeNumber,
  requiredPostgresUrl,
  text,
  wholeNumber,
  yesOrNo,
} from './config-setting.ts'
import { PAGES } from './config-settings-pages.ts'
import { SUPERVISOR } from './config-settings-supervisor.ts'

import { SESSION } from './config-settings-session.ts'
import { MESSAGES } from './config-settings-messages.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const MEMORY = {
  isMemoryOptimizationEnabled: yesOrNo(
    'ENABLE_MEMORY_OPTIMIZATION',
    { default: true },
    'Off: memory is measured and reported, but nothing is cleaned up, refused or recycled.',
  ),
  memoryCleanupPercent: wholeNumber(
    'MEMORY_CLEANUP_THRESHOLD',
    { unit: '% of the quota', min: 10, max: 95, default: 70 },
    'From here caches are shed, cheapest first: 358 of 512 MB, well before Heroku logs R14 at 100 %.',
  ),
  memoryEmergencyPercent: wholeNumber(
    'MEMORY_EMERGENCY_THRESHOLD',
    { unit: '% of the quota', min: 15, max: 99, default: 85 },
    'From here heavy work is refused and the bot process is replaced if it does not help: 435 of 512 MB.',
  ),
  memoryQuotaMb: optionalWholeNumber(
    'MEMORY_QUOTA_MB',
    { unit: 'MB', min: 64, max: 1_048_576 },
    "Unset: the smaller of the container's limit and MEMORY_AVAILABLE, else 512, the smallest dyno.",
  ),
  memoryAvailableMb: platformWholeNumber(
    'MEMORY_AVAILABLE',
    { unit: 'MB', min: 1, max: 1_048_576 },
    "Set by Heroku's Node buildpack, not by you: the dyno's memory. MEMORY_QUOTA_MB overrides it.",
  ),
  isHeapSnapshotAtEmergency: yesOrNo(
    'HEAP_SNAPSHOT_AT_EMERGENCY',
    { default: false },
    'On: an emergency writes a heap snapshot if it fits. It takes up to 15 times the heap, hence off.',
  ),
  memorySampleIntervalMs: wholeNumber(
    'MEMORY_SAMPLE_INTERVAL_MS',
    { unit: 'ms', min: 250, max: 60_000, default: 2000 },
    'A burst of 50 MB/s goes from 85 % to the kill at 200 % in 12 s; a sample costs 1 to 4 ms a process.',
  ),
}

const CONNECTION = {
  connectionCheckIntervalMs: wholeNumber(
    'CONNECTION_CHECK_INTERVAL',
    { unit: 'ms', min: 1000, max: HOUR_MS, default: 60_000 },
    'How often an open connection is asked whether it still works: it can be open and deaf.',
  ),
  connectionQuietMs: wholeNumber(
    'CONNECTION_QUIET_MS',
    { unit: 'ms', min: 10_000, max: DAY_MS, default: 1_800_000 },
    'Without any message for so long an open connection is probed, and the phone has to answer: is it deaf?',
  ),
  reconnectMaxRetries: wholeNumber(
    'RECONNECT_MAX_RETRIES',
    { unit: 'attempts', min: 1, max: 1000, default: 15 },
    'Quick attempts in a row before it turns to slow probing; it never gives up for good.',
  ),
  reconnectBackoffBaseMs: wholeNumber(
    'RECONNECT_BACKOFF_BASE_MS',
    { unit: 'ms', min: 500, max: 60_000, default: 2000 },
    'Longest wait after the first failure; it doubles with each further one. Hammering gets numbers banned.',
  ),
  reconnectBackoffCapMs: wholeNumber(
    'RECONNECT_BACKOFF_CAP_MS',
    { unit: 'ms', min: 1000, max: HOUR_MS, default: 300_000 },
    'Longest wait between quick attempts, so that the bot is back minutes after a long outage.',
  ),
  reconnectStableUptimeMs: wholeNumber(
    'RECONNECT_STABLE_UPTIME_MS',
    { unit: 'ms', min: 1000, max: HOUR_MS, default: 120_000 },
    'A connection must hold so long before its failures are forgotten; else brief opens undo the back-off.',
  ),
  reconnectProbeIntervalMs: wholeNumber(
    'RECONNECT_PROBE_INTERVAL_MS',
    { unit: 'ms', min: 10_000, max: DAY_MS, default: 900_000 },
    'Wait between attempts after RECONNECT_MAX_RETRIES quick ones: four an hour disturb nobody.',
  ),
  reconnectWindowMs: wholeNumber(
    'RECONNECT_WINDOW_MS',
    { unit: 'ms', min: 10_000, max: DAY_MS, default: 600_000 },
    'The rolling window in which RECONNECT_MAX_ATTEMPTS_PER_WINDOW counts, restarts included.',
  ),
  reconnectMaxAttemptsPerWindow: wholeNumber(
    'RECONNECT_MAX_ATTEMPTS_PER_WINDOW',
    { unit: 'attempts', min: 2, max: 1000, default: 12 },
    'Attempts that the window allows; kept in the database, so a crash loop cannot exceed it either.',
  ),
  connectTimeoutMs: wholeNumber(
    'CONNECT_TIMEOUT_MS',
    { unit: 'ms', min: 1000, max: 300_000, default: 45_000 },
    "An attempt that has not opened by then is ended; above the 20 s that the library's own connect takes.",
  ),
}

const WHATSAPP = {
  whatsappUrl: optionalLoopbackUrl(
    'WHATSAPP_URL',
    'For tests, against a server on this machine. Unset: WhatsApp; no other server could prove who it is.',
  ),
  pairingPhoneNumber: optionalText(
    'PAIRING_PHONE_NUMBER',
    { pattern: /^[1-9]\d{6,14}$/, range: '7 to 15 digits, with country code, without +', isSecret: true },
    'When set, pairing is by a code to type into the phone of this number; a QR code is shown all the same.',
  ),
  isMarkedOnline: yesOrNo(
    'MARK_ONLINE_ON_CONNECT',
    { default: false },
    'Yes: contacts see the bot online, and its phone gets no notifications any more.',
  ),
  phoneUnseenDays: wholeNumber(
    'PHONE_UNSEEN_DAYS',
    { unit: 'days', min: 0, max: 13, default: 10 },
    'Without a sign of the phone for so long you are warned, 0: never. WhatsApp ends the link after 14.',
  ),
}

const LEASE = {
  leaseDurationMs: wholeNumber(
    'LEASE_DURATION_MS',
    { unit: 'ms', min: 2000, max: 600_000, default: 45_000 },
    'A holder that was not seen renewing for so long may be replaced; a crash costs at most this wait.',
  ),
  leaseRenewIntervalMs: wholeNumber(
    'LEASE_RENEW_INTERVAL_MS',
    { unit: 'ms', min: 500, max: 300_000, default: 15_000 },
    'Two renewals fit before the lease is given up, so one that fails costs nothing.',
  ),
  leaseMarginMs: wholeNumber(
    'LEASE_MARGIN_MS',
    { unit: 'ms', min: 100, max: 300_000, default: 10_000 },
    'So long before expiry a holder that cannot renew ends its socket: time to end it, and for slow clocks.',
  ),
  leasePollIntervalMs: wholeNumber(
    'LEASE_POLL_INTERVAL_MS',
    { unit: 'ms', min: 250, max: 60_000, default: 5000 },
    'How often a process without the lease looks whether it was released: the gap at each deploy.',
  ),
}

const DATABASE = {
  databaseUrl: requiredPostgresUrl(
    'DATABASE_URL',
    'Where the session lives; Heroku sets and sometimes changes it. Percent-encode special characters.',
  ),
  databaseSsl: oneOf(
    'DATABASE_SSL',
    { values: ['auto', 'require', 'verify', 'off'], default: 'auto' },
    'auto: off for a local host, else require. Heroku Postgres needs TLS and presents a self-signed certificate.',
  ),
  databasePoolMax: wholeNumber(
    'DATABASE_POOL_MAX',
    { unit: 'connections', min: 1, max: 4, default: 4 },
    'The smallest plan has 20 connections, and at a restart the old dyno and the new one hold theirs at once.',
  ),
}

const PROCESS = {
  port: optionalWholeNumber(
    'PORT',
    { unit: '', min: 1, max: 65_535 },
    'Set by Heroku for a web dyno: the only port that can be reached from outside.',
  ),
  healthCheckPort: wholeNumber(
    'HEALTH_CHECK_PORT',
    { unit: '', min: 1, max: 65_535, default: 28_111 },
    'Port of health and metrics where PORT is not set; on Heroku it is not reachable from outside.',
  ),
  pluginFolder: text(
    'PLUGIN_FOLDER',
    { pattern: /^[^\0\r\n]{1,1000}$/, range: 'a path', default: 'plugins' },
    'Where your own commands are; docs/plugins.md says how to write one. A folder that is not there is an empty one.',
  ),
  stopTimeoutMs: wholeNumber(
    'STOP_TIMEOUT_MS',
    { unit: 'ms', min: 1000, max: 25_000, default: 17_000 },
    'Time for the bot to stop in order after SIGTERM; 2 s later it is killed, so that the dyno exits within 20 s.',
  ),
  logLevel: oneOf(
    'LOG_LEVEL',
    { values: ['debug', 'info', 'warn', 'error'], default: 'info' },
    'Lines below this level are left out.',
  ),
}

/** The settings under the headings of the document, in its order. */
export const SETTING_GROUPS = [
  { title: 'Memory', settings: MEMORY },
  { title: 'Connection', settings: CONNECTION },
  { title: 'WhatsApp', settings: WHATSAPP },
  { title: 'Lease', settings: LEASE },
  { title: 'Database', settings: DATABASE },
  { title: 'Session', settings: SESSION },
  { title: 'Messages', settings: MESSAGES },
  { title: 'Process', settings: PROCESS },
  { title: 'Health and pages', settings: PAGES },
  { title: 'Supervisor', settings: SUPERVISOR },
] as const

/** All settings, by the name that the code uses. */
export const SETTINGS = {
  ...MEMORY,
  ...CONNECTION,
  ...WHATSAPP,
  ...LEASE,
  ...DATABASE,
  ...SESSION,
  ...MESSAGES,
  ...PROCESS,
  ...PAGES,
  ...SUPERVISOR,
} as const
