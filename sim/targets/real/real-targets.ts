/** The targets of the real level that the command line knows by name; any other word there is a command. */

import { NEGATIVE_CONTROLS, negativeControl } from './negative-controls.ts'
import type { NegativeControl } from './negative-controls.ts'
import { ourBot } from './our-bot.ts'
import type { RealTarget } from './real-target.ts'

export const REAL_TARGETS = ['bot', ...NEGATIVE_CONTROLS] as const
export type RealTargetName = (typeof REAL_TARGETS)[number]

export function isRealTargetName(word: string): word is RealTargetName {
  return (REAL_TARGETS as readonly string[]).includes(word)
}

export function realTargetOf(name: RealTargetName): RealTarget {
  return name === 'bot' ? ourBot() : negativeControl(name satisfies NegativeControl)
}
