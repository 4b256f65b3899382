/**
 * Plays a checked script: says what is to be said, waits for what is expected, and reports each step as it
 * ends. It decides when; who speaks and how messages are seen is the stage's business.
 */

import type { Script, ScriptStep } from './script.ts'

/** A chat with the bot in it. */
export interface Chat {
  readonly contact: string
  /** undefined: contact and bot alone. */
  readonly group: string | undefined
}

export interface Stage {
  /** Resolves when the server has taken the message. */
  say(chat: Chat, text: string): Promise<void>
  /** Every text the bot has sent into the chat so far, oldest first. */
  heard(chat: Chat): readonly string[]
  /** Since the bot was first online. */
  elapsedMs(): number
  /** Rejects when the play is broken off. */
  wait(ms: number): Promise<void>
}

export interface StepResult {
  /** From 1. */
  readonly number: number
  readonly step: ScriptStep
  readonly isMet: boolean
  /** From the step's beginning to its end. */
  readonly tookMs: number
}

/** How often a chat is looked at while a step waits. */
const LOOK_EVERY_MS = 20

/** Goes on after a step that was not met. @returns all results, in the script's order */
export async function playScript(
  script: Script,
  stage: Stage,
  onResult: (result: StepResult) => void,
): Promise<StepResult[]> {
  const results: StepResult[] = []
  /** By chat, which of the bot's messages have already served a step. */
  const served = new Map<string, Set<number>>()
  for (const [index, step] of script.steps.entries()) {
    const waitMs = step.atMs - stage.elapsedMs()
    if (waitMs > 0) await stage.wait(waitMs)
    const fromMs = stage.elapsedMs()
    const isMet = await playStep(step, stage, servedIn(served, step))
    const result = { number: index + 1, step, isMet, tookMs: Math.round(stage.elapsedMs() - fromMs) }
    results.push(result)
    onResult(result)
  }
  return results
}

async function playStep(step: ScriptStep, stage: Stage, served: Set<number>): Promise<boolean> {
  const chat = { contact: step.contact, group: step.group }
  const untilMs = stage.elapsedMs() + step.withinMs
  if (step.says !== undefined) await stage.say(chat, step.says)
  const { expects } = step
  if (expects === undefined) return true
  for (;;) {
    const found = stage.heard(chat).findIndex((text, at) => !served.has(at) && text.includes(expects))
    if (found >= 0) {
      served.add(found)
      return true
    }
    const leftMs = untilMs - stage.elapsedMs()
    if (leftMs <= 0) return false
    await stage.wait(Math.min(LOOK_EVERY_MS, leftMs))
  }
}

function servedIn(served: Map<string, Set<number>>, { contact, group }: ScriptStep): Set<number> {
  const key = JSON.stringify([contact, group ?? null])
  const found = served.get(key) ?? new Set()
  served.set(key, found)
  return found
}
