/**
 * What a run measured from outside, as plain, checked, versioned data: nothing here needs to see into the bot, so it
 * is the same for any bot. Times are ms since the run's start. `null` means that nobody measured it, which is not 0.
 */

import { z } from 'zod'

export const MEASUREMENTS_FORMAT = 1

const count = z.number().int().min(0)
const bytes = z.number().min(0)
const ms = z.number().min(0)

const connectionSchema = z.strictObject({
  openedAtMs: ms,
  /** Null when it never logged in. */
  loggedInAtMs: ms.nullable(),
  /** Null when it was open at the end of the run. */
  closedAtMs: ms.nullable(),
})

const repliesSchema = z.strictObject({
  asked: count,
  /** Of those asked: answered at least once by the end of the run. */
  answered: count,
  /** Answers that came again: three for one question are two. */
  doubled: count,
  /** First answers, in the order of the questions. */
  latenciesMs: z.array(ms),
  /** Messages of the bot that somebody could not read and that were not healed; null when the server cannot know. */
  unreadable: count.nullable(),
})

const memorySampleSchema = z.strictObject({
  atMs: ms,
  /** Counts the dyno's starts; a new one begins at another level. */
  boot: count,
  /** The dyno's, as a quota counts: Pss and swap of all processes, or the next best measure. */
  usedBytes: bytes,
  /** Of it, what no other process can share: anonymous pages and swap. Null where the system does not tell. */
  anonBytes: bytes.nullable(),
  /** RSS of all processes summed: pages that they share count more than once. */
  rssBytes: bytes.nullable(),
})

const collectedSampleSchema = z.strictObject({
  atMs: ms,
  /** Counts the sets of processes that lived: another set begins at another level. */
  life: count,
  /** Anonymous pages and swap of all processes; null where the system does not tell. */
  anonBytes: bytes.nullable(),
  /** What V8 holds for JavaScript in all processes: its heap, and what that keeps outside of it. */
  liveBytes: bytes,
})

const restartSchema = z.strictObject({
  /** When the dyno before was told to stop, or killed. */
  atMs: ms,
  /** Until somebody read an answer of a connection begun since then; null when nobody did before the next restart. */
  firstReplyMs: ms.nullable(),
})

const dynoSchema = z.strictObject({
  quotaBytes: z.number().positive(),
  samples: z.array(memorySampleSchema),
  /** The most of any reading, where readings closer than Heroku's samples were made. */
  peakBytes: bytes.optional(),
  /** Memory right after a collection in every process; empty when none were made. */
  collected: z.array(collectedSampleSchema),
  /** Heroku's errors, counted as it logs them. */
  r10: count,
  r12: count,
  r14: count,
  r15: count,
  /** SIGKILLs of the platform, whatever for; those that the scenario itself asked for are not among them. */
  kills: count,
  /** `exit`: by itself; `stop`: after SIGTERM; else the reason of its SIGKILL. */
  exits: z.array(z.strictObject({ atMs: ms, status: z.number().int(), cause: z.string() })),
})

export const measurementsSchema = z.strictObject({
  scenario: z.string(),
  target: z.string(),
  level: z.string(),
  seed: count,
  durationMs: z.number().positive(),
  /** What else the machine had to do: its load average of a minute, as the run began and ended. */
  machine: z.strictObject({ cores: count, load: z.tuple([z.number(), z.number()]) }).optional(),
  connections: z.array(connectionSchema).nullable(),
  /** Scans after the first pairing are what a user would be woken for; the first one counts, too. */
  qrScans: count.nullable(),
  /** Of the scans, those after the run's beginning; a bot that is linked by a QR before it needed one more. */
  laterScans: count.optional(),
  /** Of the dyno, whoever or whatever caused them. Missing: nobody looked. */
  restarts: z.array(restartSchema).optional(),
  replies: repliesSchema.nullable(),
  dyno: dynoSchema.nullable(),
})

export type Measurements = z.output<typeof measurementsSchema>
export type MeasuredConnection = z.output<typeof connectionSchema>
export type MeasuredReplies = z.output<typeof repliesSchema>
export type MeasuredDyno = z.output<typeof dynoSchema>
export type CollectedSample = z.output<typeof collectedSampleSchema>
export type MeasuredRestart = z.output<typeof restartSchema>
export type MemorySample = z.output<typeof memorySampleSchema>

/** The whole of a `--measurements` file, which `--baseline` reads. */
export const measurementsFileSchema = z.strictObject({
  format: z.literal(MEASUREMENTS_FORMAT),
  runs: z.array(measurementsSchema).min(1),
})
