/** The registry of the commands that every bot has; `others` are listed after them. */

import type { CommandHandler } from '../plugin.ts'
import { CommandRegistry } from '../registry.ts'
import { createHelpCommand } from './help.ts'
import { pingCommand } from './ping.ts'

export function createRegistry(others: readonly CommandHandler[] = []): CommandRegistry {
  const help = createHelpCommand(() => registry.handlers)
  const registry: CommandRegistry = new CommandRegistry([pingCommand, help, ...others])
  return registry
}
