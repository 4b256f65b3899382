/** Our bot as a target: the production composition with one command of the lab's own, and nothing changed. */

import { Bot } from '../../src/bot.ts'
import { onceCommand } from './once-command.ts'
import type { Target } from './target.ts'

export const bot: Target = {
  name: 'bot',
  hasSupervisor: true,
  adapter: 'sound',
  start: (context) => {
    const { ports, config, owner } = context
    // In production the supervisor binds the port before it starts the bot.
    context.bindPort()
    const started = new Bot(ports, {
      owner,
      config,
      handlers: [onceCommand(ports)],
      containerLimitBytes: undefined,
      totalMemoryBytes: Number.MAX_SAFE_INTEGER,
    })
    started.start()
    return { terminate: () => started.terminate() }
  },
}
