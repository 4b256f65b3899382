/** The targets that the command line knows by name. */

import { TARGETS } from '../world/run-result.ts'
import type { TargetName } from '../world/run-result.ts'
import { before } from './before.ts'
import { bot } from './bot.ts'
import type { Target } from './target.ts'

const BY_NAME: Readonly<Record<TargetName, Target>> = { bot, before }

/** @throws Error for any other name */
export function targetOf(name: string): Target {
  const known = TARGETS.find((each) => each === name)
  if (known === undefined) throw new Error(`no target ${name} in the virtual world`)
  return BY_NAME[known]
}
