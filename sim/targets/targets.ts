/** The targets that the command line knows by name. */

import type { TargetName } from '../world/run-result.ts'
import { before } from './before.ts'
import { bot } from './bot.ts'
import type { Target } from './target.ts'

const BY_NAME: Readonly<Record<TargetName, Target>> = { bot, before }

export function targetOf(name: TargetName): Target {
  return BY_NAME[name]
}
