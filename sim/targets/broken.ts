/**
 * Bots broken on purpose, one for each rule of each claim: the sound bot behind one wrapped port or with one
 * wrong setting. They are the proof that the checkers bite, and nothing else. Each is no broader than its
 * name: `breaks` lists every claim that it breaks.
 */

import { PHONE_KEY_TYPE } from '../../src/connection/phone-watch.ts'
import { UNANSWERED, broken } from './broken-bot.ts'
import type { BrokenBot } from './broken-bot.ts'
import { connectingBadly, endingBadly } from './broken-connections.ts'
import { supervisingBadly } from './broken-supervisors.ts'
import * as life from './defects/life-defects.ts'
import * as message from './defects/message-defects.ts'
import * as phone from './defects/phone-defects.ts'
import * as session from './defects/session-defects.ts'
import * as grounds from './grounds.ts'

const MINUTE_MS = 60_000
const QUOTA_BYTES = 512 * 1_048_576
const CYCLE = 'dyno-restart/daily-cycle'
const SESSION = 'session-integrity'
const ANSWERS = 'answered-at-most-once'

const keeping: readonly BrokenBot[] = [
  broken(
    'stops-saving',
    { breaks: [SESSION], says: /one ratchet step for two texts/, in: CYCLE },
    { ports: ({ sessionStore }) => ({ sessionStore: session.savingNoMore(sessionStore) }) },
  ),
  broken(
    'takes-an-error-for-no-session',
    { breaks: [SESSION], says: /connects unpaired/, in: 'postgres/creds-unreadable-at-start' },
    { ports: ({ sessionStore }) => ({ sessionStore: session.believingErrors(sessionStore) }) },
  ),
  broken(
    'sends-before-the-commit',
    {
      breaks: [SESSION],
      says: /one ratchet step for two texts/,
      in: 'dyno-restart/sigkill-while-a-write-fails',
    },
    { adapter: 'plain' },
  ),
  broken(
    'forgets-its-pre-keys',
    { breaks: [SESSION, UNANSWERED], says: /given up unread/, in: grounds.manyChatsGround },
    { ports: ({ sessionStore }) => ({ sessionStore: session.forgettingKeys(sessionStore, 'pre-key') }) },
  ),
  broken(
    'counts-its-pre-keys-anew',
    { breaks: [SESSION], says: /pre-key ids were used again/, in: CYCLE },
    { ports: ({ sessionStore }) => ({ sessionStore: session.countingPreKeysAnew(sessionStore) }) },
  ),
  broken(
    'writes-without-the-lease',
    { breaks: [SESSION], says: /prune by .* was taken/, in: grounds.overlapGround },
    {
      ports: (ports) => {
        session.writeOn(ports)
        return {}
      },
    },
  ),
  broken(
    'writes-on-after-sigterm',
    { breaks: [SESSION], says: /prune by .* was taken/, in: 'dyno-restart/deploy-overlap' },
    { ports: (ports) => session.lingering(ports), terminate: session.writeOnAfterSigterm },
  ),
]

const answering: readonly BrokenBot[] = [
  broken(
    'takes-known-commands-for-new',
    { breaks: [ANSWERS], says: /was answered twice/, in: grounds.duplicatesGround },
    { ports: ({ messageJournal }) => ({ messageJournal: message.takingKnownForNew(messageJournal) }) },
  ),
  broken(
    'answers-elsewhere',
    { breaks: [ANSWERS, UNANSWERED], says: /was answered in/, in: CYCLE },
    { ports: ({ connector }) => ({ connector: message.answeringElsewhere(connector) }) },
  ),
  broken(
    'answers-unasked',
    { breaks: [ANSWERS], says: /never asked/, in: CYCLE },
    { ports: ({ connector }) => ({ connector: message.answeringUnasked(connector) }) },
  ),
  broken(
    'mends-its-answers',
    { breaks: [ANSWERS], says: /and is now/, in: CYCLE },
    { ports: ({ connector }) => ({ connector: message.mendingAnswers(connector) }) },
  ),
  broken(
    'does-twice-what-is-due-once',
    { breaks: [ANSWERS], says: /marked once, ran again/, in: grounds.onceGround },
    { ports: ({ messageJournal }) => ({ messageJournal: message.markingNothing(messageJournal) }) },
  ),
  broken(
    'acknowledges-before-it-accepts',
    { breaks: [UNANSWERED], says: /never answered/, in: 'dyno-restart/sigkill-while-a-write-fails' },
    { ports: ({ connector }) => ({ connector: message.acceptingEarly(connector) }) },
  ),
  broken(
    'ignores-what-waited',
    { breaks: [UNANSWERED], says: /never answered/, in: 'disconnect-storm/flapping-440' },
    { ports: ({ connector }) => ({ connector: message.ignoringWhatWaited(connector) }) },
  ),
]

const living: readonly BrokenBot[] = [
  broken(
    'sees-no-memory',
    { breaks: ['memory-acted-on'], says: /nothing was done/, in: grounds.leakGround },
    { ports: ({ memoryProbe }) => ({ memoryProbe: life.seeingNothing(memoryProbe) }) },
  ),
  broken(
    'only-logs-its-cleanups',
    { breaks: ['memory-acted-on'], says: /nothing was done/, in: grounds.leakGround },
    { ports: (ports) => life.onlyLogging(ports) },
  ),
  broken(
    'cleans-up-too-early',
    { breaks: ['memory-acted-on'], says: /below the threshold/, in: grounds.leakGround },
    { config: () => ({ memoryCleanupPercent: 50 }) },
  ),
  broken(
    'sheds-one-cache-and-no-more',
    { breaks: ['no-r15'], says: /R15 at/, in: '512mb-quota/burst-between-samples' },
    {
      config: () => ({ isMemoryOptimizationEnabled: false }),
      ports: (ports) => life.sheddingOneCache(ports, 0.7 * QUOTA_BYTES),
    },
  ),
  broken(
    'leaks-a-timer-a-message',
    { breaks: ['no-leaks'], says: /timers "leaked"/, in: CYCLE },
    { ports: (ports) => ({ connector: life.leakingTimers(ports, () => 'leaked') }) },
  ),
  broken(
    'leaks-timers-of-many-names',
    { breaks: ['no-leaks'], says: /holds \d+ timers$/, in: 'postgres/outage-short' },
    {
      ports: (ports) => {
        let count = 0
        return { connector: life.leakingTimers(ports, () => `leaked.${(count += 1)}`) }
      },
    },
  ),
  broken(
    'talks-at-night',
    { breaks: ['undisturbed'], says: /nobody asked for/, in: 'disconnect-storm/quiet-night' },
    { ports: (ports) => ({ connector: message.talking(ports) }) },
  ),
  broken(
    'reconnects-for-nothing',
    { breaks: ['undisturbed'], says: /connects again/, in: 'disconnect-storm/quiet-night' },
    { ports: (ports) => ({ connector: life.endingAfter(ports, 300 * MINUTE_MS) }) },
  ),
  broken(
    'restarts-for-nothing',
    { breaks: ['undisturbed'], says: /a process ended/, in: 'disconnect-storm/quiet-night' },
    { ports: (ports) => life.leavingAfter(ports, 300 * MINUTE_MS) },
  ),
]

const PHONE = { breaks: ['phone-watched'], in: grounds.phoneGround }

const watching: readonly BrokenBot[] = [
  broken(
    'never-warns-of-its-phone',
    { ...PHONE, says: /^not warned/ },
    { config: () => ({ phoneUnseenDays: 0 }) },
  ),
  broken(
    'counts-its-phone-anew-with-each-start',
    { ...PHONE, says: /^not warned/ },
    {
      ports: ({ sessionStore }) => ({ sessionStore: session.forgettingKeys(sessionStore, PHONE_KEY_TYPE) }),
    },
  ),
  broken(
    'takes-any-device-for-its-phone',
    { ...PHONE, says: /^not warned/ },
    {
      ports: ({ connector, clock }) => ({
        connector: phone.takingAnyDeviceForThePhone(connector, () => clock.nowMs()),
      }),
    },
  ),
  broken(
    'never-sees-its-phone',
    { ...PHONE, says: /^warned, though/ },
    { ports: ({ connector }) => ({ connector: phone.missingThePhone(connector) }) },
  ),
  broken(
    'warns-of-its-phone-with-each-start',
    { ...PHONE, says: /^warned again/ },
    { ports: ({ sessionStore }) => ({ sessionStore: phone.forgettingWarnings(sessionStore) }) },
  ),
  broken(
    'does-not-say-that-its-phone-is-back',
    { ...PHONE, says: /nobody was told/ },
    { ports: (ports) => ({ logger: life.sayingLate(ports, 'phone.seen-again', -1) }) },
  ),
]

export const brokenBots: readonly BrokenBot[] = [
  ...connectingBadly,
  ...endingBadly,
  ...keeping,
  ...answering,
  ...living,
  ...watching,
  ...supervisingBadly,
]
