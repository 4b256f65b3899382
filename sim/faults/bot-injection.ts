/** From a fault of the bot's process, as data, to what strikes it. */

import type { BotFaults } from '../world/bot-faults.ts'
import type { FaultOf } from './fault.ts'

export type BotFault = FaultOf<'bot-hang' | 'bot-crashes' | 'bot-starve' | 'slow-messages'>

/** Returns whether there was a process to strike; crashes are counted where they happen. */
export function beginBotFault(bots: BotFaults, fault: BotFault): boolean {
  switch (fault.kind) {
    case 'bot-hang':
      return bots.hang(fault.how)
    case 'bot-crashes':
      return bots.crashSoonAfterStart(fault.withinMs)
    case 'bot-starve':
      return bots.starve(fault.timerDelayMs, fault.forMs)
    case 'slow-messages':
      return bots.delayMessages(fault.upToMs)
  }
}

export function endBotFault(bots: BotFaults, fault: BotFault): void {
  switch (fault.kind) {
    case 'bot-hang':
      return bots.resume()
    case 'bot-crashes':
      return bots.crashNoMore()
    case 'bot-starve':
      return bots.starveNoMore()
    case 'slow-messages':
      bots.delayMessages(0)
  }
}
