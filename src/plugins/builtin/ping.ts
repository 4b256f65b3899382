/** `.ping`: the quickest way to see from a chat that the bot is alive. */

import type { CommandHandler } from '../plugin.ts'

export const pingCommand: CommandHandler = {
  name: 'ping',
  summary: 'answers pong',
  effect: 'repeatable',
  isHeavy: false,
  run: () => 'pong',
}
