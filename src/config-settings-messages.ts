/** The settings about messages; config-settings.ts has the table of all. */

import { wholeNumber } from './config-setting.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export const MESSAGES = {
  messageMaxAgeMs: wholeNumber(
    'MESSAGE_MAX_AGE_MS',
    { unit: 'ms', min: 60_000, max: 30 * DAY_MS, default: DAY_MS },
    'Commands older than this are not answered: after an outage a late reply is worse than none.',
  ),
  messageRetentionMs: wholeNumber(
    'MESSAGE_RETENTION_MS',
    { unit: 'ms', min: HOUR_MS, max: 90 * DAY_MS, default: 7 * DAY_MS },
    'How long a handled command is remembered, so that a second delivery is not answered again.',
  ),
  sentRetentionMs: wholeNumber(
    'SENT_RETENTION_MS',
    { unit: 'ms', min: HOUR_MS, max: 90 * DAY_MS, default: 7 * DAY_MS },
    'How long a sent message is kept, for phones that were off for days and then cannot decrypt it.',
  ),
  sentRetentionCount: wholeNumber(
    'SENT_RETENTION_COUNT',
    { unit: 'messages', min: 100, max: 1_000_000, default: 10_000 },
    'How many sent messages are kept; a busy bot sends that many in a day, and nearly all retries come within one.',
  ),
  sentRetentionMb: wholeNumber(
    'SENT_RETENTION_MB',
    { unit: 'MB', min: 1, max: 1000, default: 20 },
    'Text of the sent messages kept: 2 % of the smallest Postgres plan, which ends writing when it is full.',
  ),
  sendGapMs: wholeNumber(
    'SEND_GAP_MS',
    { unit: 'ms', min: 0, max: 60_000, default: 200 },
    'Least time between two sends; bursts look like spam to WhatsApp.',
  ),
}
