/** Small scenarios for bots broken on purpose, where no scenario of the house puts their one rule to the test. */

import { defineScenario } from '../scenario.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Live messages come twice. */
export const duplicatesGround = defineScenario({
  id: 'disconnect-storm/duplicates-ground',
  family: 'disconnect-storm',
  proves: 'a command that comes twice is answered once',
  durationMs: 20 * MINUTE_MS,
  faults: [{ kind: 'duplicates', atMs: 2 * MINUTE_MS, forMs: 10 * MINUTE_MS, probability: 0.5 }],
  claims: {
    always: ['answered-at-most-once', 'session-integrity'],
    eventually: [{ claim: 'all-answered', withinMs: 2 * MINUTE_MS }],
  },
})

/** The last restart is so early that also a dyno which Heroku has to kill is replaced in time. */
export const orderlyStopGround = defineScenario({
  id: 'dyno-restart/orderly-stop-ground',
  family: 'dyno-restart',
  proves: 'a dyno leaves within its grace',
  durationMs: 30 * MINUTE_MS,
  faults: [{ kind: 'dyno-restart', atMs: 6 * MINUTE_MS, jitterMs: MINUTE_MS }],
  claims: {
    always: ['single-socket', 'session-integrity', 'answered-at-most-once', 'stops-in-time', 'dyno-lives'],
    eventually: [
      { claim: 'connected', withinMs: 10 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 10 * MINUTE_MS },
    ],
  },
})

/** Nobody listens for an hour and a half: long enough for many more failures than quick attempts. */
export const longRefusalGround = defineScenario({
  id: 'disconnect-storm/long-refusal-ground',
  family: 'disconnect-storm',
  proves: 'quick attempts end in slow probing',
  durationMs: 140 * MINUTE_MS,
  faults: [
    { kind: 'disconnect', atMs: 5 * MINUTE_MS, statusCode: 428 },
    { kind: 'refuse-logins', atMs: 5 * MINUTE_MS, forMs: 90 * MINUTE_MS, how: 'tcp' },
  ],
  claims: {
    always: ['single-socket', 'backoff-law', 'attempts-in-budget'],
    eventually: [{ claim: 'connected', withinMs: 18 * MINUTE_MS }],
  },
})

/** Many people begin to write after the restart, each with one of the one-time keys made before it. */
export const manyChatsGround = defineScenario({
  id: 'dyno-restart/many-chats-ground',
  family: 'dyno-restart',
  proves: 'one-time keys outlive the process that made them',
  durationMs: 20 * MINUTE_MS,
  workload: { directChats: 400 },
  // WhatsApp holds ten keys of a new device.
  faults: [{ kind: 'dyno-restart', atMs: 40_000 }],
  claims: {
    always: ['session-integrity', 'answered-at-most-once'],
    eventually: [{ claim: 'all-answered', withinMs: 5 * MINUTE_MS }],
  },
})

/** The old dyno hangs while it still holds the session, and the new one is there already. */
export const overlapGround = defineScenario({
  id: 'dyno-restart/overlap-ground',
  family: 'dyno-restart',
  proves: 'who waits for the session does not write',
  durationMs: 20 * MINUTE_MS,
  faults: [
    { kind: 'hang', atMs: 6 * MINUTE_MS, forMs: 22_000 },
    { kind: 'deploy', atMs: 6 * MINUTE_MS + 1_000 },
  ],
  claims: {
    always: ['single-socket', 'session-integrity', 'answered-at-most-once', 'stops-in-time'],
    eventually: [{ claim: 'all-answered', withinMs: 5 * MINUTE_MS }],
  },
})

/** More than the quota, and never twice as much. */
export const leakGround = defineScenario({
  id: '512mb-quota/leak-ground',
  family: '512mb-quota',
  proves: 'a leak beyond the quota is acted on',
  durationMs: 30 * MINUTE_MS,
  settings: { MEMORY_SAMPLE_INTERVAL_MS: '2000' },
  faults: [
    { kind: 'balloon', atMs: 4 * MINUTE_MS, shape: 'leak', memory: 'external', toMb: 420, mbPerSecond: 1 },
  ],
  claims: {
    always: ['memory-acted-on', 'no-r15'],
    eventually: [{ claim: 'connected', withinMs: 10 * MINUTE_MS }],
  },
})

/** A few "restart required" in a row: no more than the budget allows. */
export const restartsGround = defineScenario({
  id: 'disconnect-storm/restarts-ground',
  family: 'disconnect-storm',
  proves: 'only the first restart that the server asks for comes at once',
  durationMs: 20 * MINUTE_MS,
  faults: [
    {
      kind: 'storm',
      atMs: 5 * MINUTE_MS,
      count: 6,
      everyMs: 15_000,
      statusCode: 515,
      message: 'Stream Errored (restart required)',
    },
  ],
  claims: {
    always: ['single-socket', 'backoff-law', 'attempts-in-budget', 'session-integrity'],
    eventually: [{ claim: 'all-answered', withinMs: 8 * MINUTE_MS }],
  },
})

/** What was done cannot be recorded, and the process is killed. */
export const onceGround = defineScenario({
  id: 'dyno-restart/once-ground',
  family: 'dyno-restart',
  proves: 'what may have been done is not done again',
  durationMs: 20 * MINUTE_MS,
  workload: { onceEvery: 1 },
  faults: [
    {
      kind: 'store-flaky',
      atMs: 6 * MINUTE_MS,
      forMs: 50_000,
      probability: 1,
      code: 'store-unavailable',
      isLanded: 'never',
      operations: ['recordHandled'],
    },
    { kind: 'sigkill', atMs: 6 * MINUTE_MS + 40_000 },
  ],
  claims: {
    always: ['answered-at-most-once', 'session-integrity'],
    eventually: [{ claim: 'all-answered', withinMs: 5 * MINUTE_MS }],
  },
})

/**
 * A phone that is in use for longer than a silence may last, then silent for longer, and restarts all along, also after
 * the warning. Messages are rare while it is in use: they show nothing then, and cost most of the run's time.
 */
export const phoneGround = defineScenario({
  id: 'multi-day/phone-ground',
  family: 'multi-day',
  proves: 'a silent phone is warned of once, and one that is there is not',
  durationMs: 62 * HOUR_MS,
  settings: { PHONE_UNSEEN_DAYS: '1' },
  workload: { quiet: { atMs: HOUR_MS, forMs: 25 * HOUR_MS } },
  faults: [
    { kind: 'phone-off', atMs: 28 * HOUR_MS, forMs: 30 * HOUR_MS },
    ...[10, 20, 30, 40, 50, 56].map((hour) => ({ kind: 'dyno-restart' as const, atMs: hour * HOUR_MS })),
  ],
  claims: {
    always: ['phone-watched', 'session-integrity', 'single-socket'],
    eventually: [{ claim: 'all-answered', withinMs: 5 * MINUTE_MS }],
  },
})
