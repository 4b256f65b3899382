/**
 * `.once N`: the lab's command that must not run twice. Each run leaves its mark in the trace, and takes a
 * while after it, so that a crash can come between the deed and the record of it.
 */

import type { BotPorts } from '../../src/bot-ports.ts'
import type { CommandHandler } from '../../src/plugins/plugin.ts'

const AFTER_THE_DEED_MS = 40

export function onceCommand({ clock, logger }: Pick<BotPorts, 'clock' | 'logger'>): CommandHandler {
  return {
    name: 'once',
    summary: 'does something that must not be done twice',
    effect: 'once',
    isHeavy: false,
    run: ({ args }) => {
      logger.info('once.ran', { command: args })
      return new Promise((resolve) => {
        clock.setTimer('once.after-the-deed', AFTER_THE_DEED_MS, () => resolve(`done ${args}`))
      })
    },
  }
}
