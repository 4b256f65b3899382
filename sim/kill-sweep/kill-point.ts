/**
 * A kill point: who is killed, at which write of the bot, and at which moment of that write's way to the database.
 * Plain data with a text that names it, so that one that failed can be run again.
 */

import type { TrapMoment } from '../postgres/fault-proxy/write-trap.ts'

/** `supervisor`: the dyno's first process, with which the dyno ends. `postgres`: all of the server's processes. */
export const VICTIMS = ['bot', 'supervisor', 'postgres'] as const
export type Victim = (typeof VICTIMS)[number]

export const MOMENTS = ['unsent', 'late', 'committed', 'answered'] as const satisfies readonly TrapMoment[]

export interface KillPoint {
  readonly victim: Victim
  /** The name of the prepared statement. */
  readonly operation: string
  readonly moment: TrapMoment
  /** The nth such write after the trap was set, from 1. */
  readonly occurrence: number
  /**
   * From the moment to the kill, ms. The write is held up meanwhile and the process goes on: what it does without
   * waiting for the write, it does now.
   */
  readonly afterMs: number
}

/** E.g. `bot/commit-put/answered/2/5`. */
export function pointText({ victim, operation, moment, occurrence, afterMs }: KillPoint): string {
  return [victim, operation, moment, occurrence, ...(afterMs === 0 ? [] : [afterMs])].join('/')
}

const POINT = /^([a-z]+)\/([a-z-]+)\/([a-z]+)(?:\/([1-9]\d{0,2})(?:\/(\d{1,4}))?)?$/

/** The point of that text; undefined when it is none. Occurrence 1 and no delay may be left out. */
export function parsePoint(text: string): KillPoint | undefined {
  const [, victimText, operation = '', momentText, occurrence = '1', afterMs = '0'] = POINT.exec(text) ?? []
  const victim = VICTIMS.find((each) => each === victimText)
  const moment = MOMENTS.find((each) => each === momentText)
  if (victim === undefined || moment === undefined || !isPossible(victim, moment)) return undefined
  if (afterMs !== '0' && !mayWait({ victim, moment })) return undefined
  return { victim, operation, moment, occurrence: Number(occurrence), afterMs: Number(afterMs) }
}

/** A supervisor does not write: only the bot's write that goes on unhindered can be waited after. */
export function mayWait({ victim, moment }: Pick<KillPoint, 'victim' | 'moment'>): boolean {
  return victim !== 'supervisor' || moment === 'answered'
}

/** A write arrives after its writer's end only when the writer is what was killed. */
export function isPossible(victim: Victim, moment: TrapMoment): boolean {
  return moment !== 'late' || victim === 'bot'
}
