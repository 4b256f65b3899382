/**
 * Claims as plain data: what a scenario says of the bot. `always` claims are judged by checkers over the
 * whole trace, `eventually` claims must come true by a deadline after the last fault, and each `sometimes`
 * claim must be seen, or the run proves nothing and is vacuous.
 */

import { z } from 'zod'

export const ALWAYS_CLAIMS = [
  'single-socket',
  'backoff-law',
  'attempts-in-budget',
  'terminal-is-final',
  'session-integrity',
  'answered-at-most-once',
  'memory-acted-on',
  'no-r15',
  'no-leaks',
  'stops-in-time',
  'one-bot-a-dyno',
  'dyno-lives',
  'restarts-in-bounds',
  'hangs-ended',
  'undisturbed',
  'phone-watched',
] as const
export type AlwaysClaim = (typeof ALWAYS_CLAIMS)[number]

/** What each claim says, for `list`, the report and the documents. */
export const CLAIM_MEANINGS: Readonly<Record<AlwaysClaim, string>> = {
  'single-socket': 'never two connections to WhatsApp at once, over all dynos',
  'backoff-law':
    'each further failure waits at least half of a doubling envelope, up to the cap; then of the probe interval',
  'attempts-in-budget':
    'no rolling window holds more connection attempts than the budget, restarts included, by the dynos’ clocks',
  'terminal-is-final': 'after a terminal disconnect no further attempt is made, and no data is deleted',
  'session-integrity':
    'no new pairing while a session exists, no ratchet step used twice, no write by anybody but the lease holder, and what was committed is read again',
  'answered-at-most-once':
    'no command has two different answers, none is answered in another chat, and one marked `once` never runs twice',
  'memory-acted-on':
    'cleanup and emergency begin within one sample of crossing their thresholds, and never below',
  'no-r15': 'the dyno never reaches twice its quota',
  'no-leaks': 'timers of one kind and sockets stay bounded however long it runs',
  'stops-in-time': 'a dyno has exited within 20 s of its SIGTERM, and Heroku need not kill it',
  'one-bot-a-dyno': 'no bot process starts before the one before it in its dyno has ended',
  'dyno-lives': 'a dyno exits only after SIGTERM, and then in order',
  'restarts-in-bounds':
    'each further failure of the bot process in a row waits longer, and no rolling window holds more starts than the budget',
  'hangs-ended': 'a bot that hangs is ended soon after the declared stall, and a slow one never',
  undisturbed: 'no reconnect, no restart and no message without a cause',
  'phone-watched':
    'the owner is warned once when the phone was silent for as long as is set, never before, and told when it is back',
}

const eventuallySchema = z.discriminatedUnion('claim', [
  /** The bot is connected again within so long after the last fault. */
  z.strictObject({ claim: z.literal('connected'), withinMs: z.number().int().min(1) }),
  /** Each command delivered so far is answered within so long after the last fault. */
  z.strictObject({ claim: z.literal('all-answered'), withinMs: z.number().int().min(1) }),
  /** The bot is *not* connected and stays so: the owner has to act. */
  z.strictObject({ claim: z.literal('halted'), withinMs: z.number().int().min(1) }),
])

const sometimesSchema = z.strictObject({
  /** A trace event's kind; a bot's log line is `log.<event>`, e.g. `log.memory.cleanup`. */
  event: z.string().min(1),
  /** Fields of the event that must have just these values. */
  where: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  atLeast: z.number().int().min(1).default(1),
})

export const claimsSchema = z.strictObject({
  always: z.array(z.enum(ALWAYS_CLAIMS)).min(1),
  eventually: z.array(eventuallySchema).default([]),
  sometimes: z.array(sometimesSchema).default([]),
})

export type Claims = z.output<typeof claimsSchema>
export type EventuallyClaim = z.output<typeof eventuallySchema>
export type SometimesClaim = z.output<typeof sometimesSchema>

export interface Violation {
  /** The claim that broke, e.g. `single-socket` or `eventually connected`. */
  readonly claim: string
  readonly atMs: number
  readonly message: string
}
