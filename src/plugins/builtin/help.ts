/** `.help`: the list of commands, in the registry's order. Asks for the list when run, as it is part of it. */

import { COMMAND_PREFIX } from '../registry.ts'
import type { CommandHandler } from '../plugin.ts'

export function createHelpCommand(listHandlers: () => readonly CommandHandler[]): CommandHandler {
  return {
    name: 'help',
    summary: 'lists the commands',
    effect: 'repeatable',
    isHeavy: false,
    run: () => listHandlers().map(describe).join('\n'),
  }
}

function describe({ name, summary }: CommandHandler): string {
  return `${COMMAND_PREFIX}${name}: ${summary}`
}
