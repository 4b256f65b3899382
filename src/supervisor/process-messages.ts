/**
 * What supervisor and bot say to each other. Both come from one build, yet a message is checked on arrival:
 * what is not understood is counted and dropped, never guessed at. Each message carries the version of this
 * vocabulary. Surprising: a status may hold the text of a pairing QR, so messages are never logged.
 */

import type { BotStatus } from '../bot-status.ts'

/** Grows when a message changes its meaning. */
export const MESSAGES_VERSION = 1

/** What the supervisor may ask the bot to do; each question is answered once. */
export const BOT_QUESTIONS = ['snapshot'] as const
export type BotQuestion = (typeof BOT_QUESTIONS)[number]

export type BotAnswer =
  | { readonly status: 'done'; readonly result: Readonly<Record<string, string | number>> }
  | { readonly status: 'refused'; readonly reason: string }

export type ToBot =
  /** Stop in order, and end as after SIGTERM; or end so that a fresh process follows. */
  | { readonly type: 'terminate' }
  | { readonly type: 'recycle' }
  | {
      readonly type: 'question'
      readonly id: number
      readonly question: BotQuestion
    }

export type FromBot =
  /** `latenessMs`: how much later than planned the timer of this heartbeat fired. */
  | {
      readonly type: 'heartbeat'
      readonly latenessMs: number
      readonly status: BotStatus
      /** To be typed into the owner's phone, while pairing by number. */
      readonly pairingCode: string | undefined
    }
  | { readonly type: 'answer'; readonly id: number; readonly answer: BotAnswer }

/** A message with its version, as it travels. */
export function toMessage<M extends ToBot | FromBot>(message: M): M & { readonly version: number } {
  return { version: MESSAGES_VERSION, ...message }
}

/** Undefined for anything that the bot cannot have meant. */
export function readFromBot(value: unknown): FromBot | undefined {
  const message = fieldsOf(value)
  if (message?.['version'] !== MESSAGES_VERSION) return undefined
  if (message['type'] === 'heartbeat') {
    const { latenessMs, status, pairingCode } = message
    if (!isAmount(latenessMs) || !isBotStatus(status)) return undefined
    if (pairingCode !== undefined && typeof pairingCode !== 'string') return undefined
    return { type: 'heartbeat', latenessMs, status, pairingCode }
  }
  if (message['type'] !== 'answer') return undefined
  const { id, answer } = message
  return isAmount(id) && isBotAnswer(answer) ? { type: 'answer', id, answer } : undefined
}

/** Undefined for anything that the supervisor cannot have meant. */
export function readToBot(value: unknown): ToBot | undefined {
  const message = fieldsOf(value)
  if (message?.['version'] !== MESSAGES_VERSION) return undefined
  const { type, id, question } = message
  if (type === 'terminate' || type === 'recycle') return { type }
  if (type !== 'question' || !isAmount(id)) return undefined
  const known = BOT_QUESTIONS.find((each) => each === question)
  return known === undefined ? undefined : { type, id, question: known }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

/** Its outline only: both ends are compiled from one type. */
function isBotStatus(value: unknown): value is BotStatus {
  const status = fieldsOf(value)
  if (status === undefined || !Array.isArray(status['steps'])) return false
  return ['connection', 'lease', 'memory'].every((part) => fieldsOf(status[part]) !== undefined)
}

function isBotAnswer(value: unknown): value is BotAnswer {
  const answer = fieldsOf(value)
  if (answer?.['status'] === 'done') {
    const values = Object.values(fieldsOf(answer['result']) ?? { missing: undefined })
    return values.every((each) => typeof each === 'string' || typeof each === 'number')
  }
  return answer?.['status'] === 'refused' && typeof answer['reason'] === 'string'
}
