/**
 * Makes measurements of what the lab's parts recorded around a bot: the fake WhatsApp's truth, the simulated Heroku's
 * record, and what the people asked and were answered. Pure; all of them count ms on the wall clock.
 */

import type { DynoEvent } from '../dyno/real/dyno-event.ts'
import type { ConnectionTruth } from '../whatsapp/truth-ledger.ts'
import type { CollectedSample, MeasuredConnection, MeasuredDyno, MeasuredReplies } from './measurements.ts'

/** When the run began and ended, ms since 1970. */
export interface RunSpan {
  readonly startedAtMs: number
  readonly endedAtMs: number
}

/** One command of somebody, and the texts by which its answer is known. */
export interface Question {
  /** Who waits for the answer: it is looked for in this person's inbox. */
  readonly asker: string
  readonly answer: string
  readonly atMs: number
}

/** A message that somebody read. */
export interface Reading {
  readonly reader: string
  readonly text: string | undefined
  /** Of the message itself: the same one read by two devices, or sent again with its id, is one. */
  readonly id: string
  readonly atMs: number
}

/** The platform's own reasons to kill; a lost host is the scenario's doing. */
const PLATFORM_KILLS: ReadonlySet<string> = new Set(['r10', 'r12', 'r15'])

/**
 * Those that were begun in the run, in order, whoever made them: give those of one bot. One that is there when the run
 * begins, of a bot that was linked first, counts as begun with it.
 */
export function measureConnections(
  connections: readonly ConnectionTruth[],
  span: RunSpan,
): MeasuredConnection[] {
  return connections
    .filter(
      ({ openedAtMs, closedAtMs = Infinity }) =>
        closedAtMs >= span.startedAtMs && openedAtMs <= span.endedAtMs,
    )
    .map(({ openedAtMs, loggedInAtMs, closedAtMs }) => ({
      openedAtMs: Math.max(0, openedAtMs - span.startedAtMs),
      loggedInAtMs: withinRun(loggedInAtMs, span),
      closedAtMs: withinRun(closedAtMs, span),
    }))
    .toSorted((a, b) => a.openedAtMs - b.openedAtMs)
}

/**
 * Each question is answered by the readings of its asker with its text, so texts must differ between questions.
 * @param unreadable messages that nobody could read in the end, by the server's truth; null when it cannot know
 */
export function measureReplies(
  questions: readonly Question[],
  readings: readonly Reading[],
  unreadable: number | null,
): MeasuredReplies {
  const answers = Map.groupBy(readings, ({ reader, text }) => answerKey(reader, text))
  let answered = 0
  let doubled = 0
  const latenciesMs: number[] = []
  for (const { asker, answer, atMs } of questions) {
    const found = answers.get(answerKey(asker, answer)) ?? []
    if (found.length === 0) continue
    answered += 1
    doubled += new Set(found.map(({ id }) => id)).size - 1
    latenciesMs.push(Math.max(0, Math.min(...found.map((reading) => reading.atMs)) - atMs))
  }
  return { asked: questions.length, answered, doubled, latenciesMs, unreadable }
}

/** `events` of a simulated Heroku, all of them; its rules have the quota. */
export interface DynoRecord {
  readonly events: readonly DynoEvent[]
  readonly quotaBytes: number
  /** By the run's clock already. */
  readonly collected: readonly CollectedSample[]
}

export function measureDyno(
  { events, quotaBytes, collected }: DynoRecord,
  { startedAtMs }: RunSpan,
): MeasuredDyno {
  const at = (atMs: number): number => Math.max(0, atMs - startedAtMs)
  const samples = events.filter((event) => event.kind === 'sample')
  const told = new Set(events.flatMap((event) => (event.kind === 'sigterm' ? [event.boot] : [])))
  const exits = events
    .filter((event) => event.kind === 'ended')
    .map(({ atMs, boot, end: { status, cause } }) => ({
      atMs: at(atMs),
      status,
      cause: cause === 'exit' && told.has(boot) ? 'stop' : cause,
    }))
  const ended = (cause: string): number => exits.filter((exit) => exit.cause === cause).length
  const oomKills = events.filter(({ kind }) => kind === 'oom-kill').length
  return {
    quotaBytes,
    samples: samples.map(({ atMs, boot, usedBytes, anonBytes, rssBytes }) => ({
      atMs: at(atMs),
      boot,
      usedBytes,
      anonBytes: anonBytes ?? null,
      rssBytes,
    })),
    collected: [...collected],
    r10: ended('r10'),
    r12: ended('r12'),
    r14: samples.filter(({ verdict }) => verdict === 'r14').length,
    r15: ended('r15'),
    kills: exits.filter(({ cause }) => PLATFORM_KILLS.has(cause)).length + oomKills,
    exits,
  }
}

function withinRun(atMs: number | undefined, { startedAtMs, endedAtMs }: RunSpan): number | null {
  return atMs === undefined || atMs > endedAtMs ? null : Math.max(0, atMs - startedAtMs)
}

function answerKey(person: string, text: string | undefined): string {
  return JSON.stringify([person, text])
}
