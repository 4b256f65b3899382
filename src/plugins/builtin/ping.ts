/** `.ping`: the quickest way to see from a chat that the bot is alive. Repeats a few characters that follow. */

import type { CommandHandler } from '../plugin.ts'

/** Enough to tell one ping from another; not enough to make the bot say things. */
const MAX_ECHO_CHARS = 16

export const pingCommand: CommandHandler = {
  name: 'ping',
  summary: 'answers pong',
  effect: 'repeatable',
  isHeavy: false,
  run: ({ args }) => (args === '' ? 'pong' : `pong ${args.slice(0, MAX_ECHO_CHARS)}`),
}
