/** The targets of the real level: those that have a name, and any command. */

import { LabProblem } from '../../cli/lab-problem.ts'
import { NEGATIVE_CONTROLS, negativeControl } from './negative-controls.ts'
import type { NegativeControl } from './negative-controls.ts'
import { ourBot, ourBotInImage } from './our-bot.ts'
import type { RealTarget } from './real-target.ts'
import { targetOfCommand } from './target-of-command.ts'
import type { CommandOptions } from './target-of-command.ts'

export const REAL_TARGETS = ['bot', ...NEGATIVE_CONTROLS] as const
export type RealTargetName = (typeof REAL_TARGETS)[number]

export function isRealTargetName(word: string): word is RealTargetName {
  return (REAL_TARGETS as readonly string[]).includes(word)
}

export function realTargetOf(name: RealTargetName): RealTarget {
  return name === 'bot' ? ourBot() : negativeControl(name satisfies NegativeControl)
}

/**
 * What `--target` says: a name, or else a command. A name with a file of variables is refused, and one with an image
 * too, but for our own bot: that may be what the image holds.
 * @throws LabProblem
 */
export function realTargetFrom(word: string, options: CommandOptions): RealTarget {
  if (!isRealTargetName(word)) return targetOfCommand(word, options)
  const { envFile, image } = options
  if (envFile === undefined && image === undefined) return realTargetOf(word)
  if (word === 'bot' && envFile === undefined && image !== undefined) return ourBotInImage(image)
  throw new LabProblem({
    what: `${word} is a target of the lab's own, which takes neither variables nor an image`,
    where: `--target ${word}`,
    mend: 'leave the other option out, or give a command',
  })
}
