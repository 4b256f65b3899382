/** Bots that connect, give up or stop in a wrong way. See broken.ts. */

import { UNANSWERED, broken } from './broken-bot.ts'
import type { BrokenBot } from './broken-bot.ts'
import * as connection from './defects/connection-defects.ts'
import * as life from './defects/life-defects.ts'
import * as phone from './defects/phone-defects.ts'
import * as session from './defects/session-defects.ts'
import * as grounds from './grounds.ts'

const MINUTE_MS = 60_000
const REFUSED = 'disconnect-storm/refused-503-storm'
const CYCLE = 'dyno-restart/daily-cycle'
const LOGGED_OUT = 'disconnect-storm/logged-out-401'

export const connectingBadly: readonly BrokenBot[] = [
  broken(
    'opens-a-second-socket',
    { breaks: ['single-socket'], says: /connects while connection/, in: CYCLE },
    { ports: ({ connector }) => ({ connector: connection.connectingTwice(connector) }) },
  ),
  broken(
    'hardly-waits',
    { breaks: ['backoff-law'], says: /ms too early/, in: REFUSED },
    {
      config: () => ({ reconnectBackoffBaseMs: 50, reconnectBackoffCapMs: 400, reconnectMaxRetries: 1_000 }),
    },
  ),
  broken(
    'knows-no-budget',
    { breaks: ['attempts-in-budget', 'backoff-law'], says: /the budget is 12/, in: REFUSED },
    {
      config: () => ({
        reconnectBackoffBaseMs: 50,
        reconnectBackoffCapMs: 5_000,
        reconnectMaxAttemptsPerWindow: 10_000,
        reconnectMaxRetries: 1_000,
      }),
    },
  ),
  broken(
    'never-slows-to-probing',
    { breaks: ['backoff-law'], says: /too early, after 1[6-9] failures/, in: grounds.longRefusalGround },
    { config: () => ({ reconnectMaxRetries: 1_000 }) },
  ),
  broken(
    'takes-a-conflict-for-a-drop',
    { breaks: ['backoff-law'], says: /too early, after 1 failures/, in: 'disconnect-storm/flapping-440' },
    { ports: ({ connector }) => ({ connector: connection.hidingCodes(connector, [440]) }) },
  ),
  broken(
    'always-restarts-at-once',
    { breaks: ['backoff-law'], says: /ms too early, after 1 failures/, in: grounds.restartsGround },
    { ports: ({ connector }) => ({ connector: connection.restartingAtOnce(connector) }) },
  ),
  broken(
    'renews-sound-connections',
    { breaks: ['backoff-law'], says: /ms too early/, in: CYCLE },
    { ports: (ports) => ({ connector: connection.renewing(ports) }) },
  ),
  broken(
    'gives-up',
    { breaks: ['eventually connected', UNANSWERED], says: /never connected/, in: REFUSED },
    { ports: ({ connector }) => ({ connector: connection.givingUpAfter(connector, 5) }) },
  ),
  broken(
    'probes-too-seldom',
    { breaks: ['eventually connected'], says: /never connected/, in: grounds.longRefusalGround },
    { config: () => ({ reconnectProbeIntervalMs: 400 * MINUTE_MS }) },
  ),
  broken(
    'takes-confirmations-for-deliveries',
    { breaks: [UNANSWERED], says: /never answered/, in: 'disconnect-storm/deaf-session' },
    {
      ports: ({ connector, clock }) => ({
        connector: phone.takingConfirmationsForDeliveries(connector, () => clock.nowMs()),
      }),
    },
  ),
  broken(
    'starts-late',
    { breaks: ['eventually connected', UNANSWERED], says: /^connected \d+ ms after/, in: CYCLE },
    { startAfterMs: 6 * MINUTE_MS, config: () => ({ botStallMs: 60 * MINUTE_MS }) },
  ),
]

export const endingBadly: readonly BrokenBot[] = [
  broken(
    'retries-when-logged-out',
    { breaks: ['terminal-is-final', 'eventually halted'], says: /attempt after/, in: LOGGED_OUT },
    { ports: ({ connector }) => ({ connector: connection.hidingCodes(connector, [401]) }) },
  ),
  broken(
    'overwrites-credentials-when-logged-out',
    { breaks: ['terminal-is-final'], says: /session data was overwritten/, in: LOGGED_OUT },
    { ports: (ports) => session.writingWhenLoggedOut(ports, { creds: '{}' }) },
  ),
  broken(
    'deletes-keys-when-logged-out',
    { breaks: ['terminal-is-final'], says: /session data was overwritten/, in: LOGGED_OUT },
    {
      ports: (ports) =>
        session.writingWhenLoggedOut(ports, { keys: [{ type: 'session', id: 'x', value: undefined }] }),
    },
  ),
  broken(
    'never-says-halted',
    { breaks: ['eventually halted'], says: /never said/, in: LOGGED_OUT },
    { ports: (ports) => ({ logger: life.sayingLate(ports, 'connection.halted', -1) }) },
  ),
  broken(
    'says-halted-late',
    { breaks: ['eventually halted'], says: /^halted \d+ ms after/, in: LOGGED_OUT },
    { ports: (ports) => ({ logger: life.sayingLate(ports, 'connection.halted', 11 * MINUTE_MS) }) },
  ),
  broken(
    'is-deaf-to-sigterm',
    { breaks: ['dyno-lives'], says: /exited with status 124/, in: grounds.orderlyStopGround },
    { terminate: () => undefined },
  ),
  broken(
    'stops-too-slowly',
    { breaks: ['stops-in-time'], says: /exited 21\d+ ms after/, in: grounds.orderlyStopGround },
    {
      // And the supervisor waits for it.
      config: () => ({ stopTimeoutMs: 25_000 }),
      terminate: (sound, context) => life.terminateLate(sound, context, 21_000),
    },
  ),
  broken(
    'never-leaves-the-dyno',
    { breaks: ['stops-in-time'], says: /was killed by Heroku 30000 ms after/, in: grounds.orderlyStopGround },
    { supervisor: () => ({ exit: { exit: () => undefined } }) },
  ),
]
