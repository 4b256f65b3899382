/** The watch over the phone, on the session's keys and over the connection's probe. */

import type { BotPorts } from './bot-ports.ts'
import type { BotSession } from './bot-session.ts'
import { phoneSettings } from './bot-settings.ts'
import type { Config } from './config.ts'
import type { ConnectionKeeper } from './connection/connection-keeper.ts'
import { PhoneWatch } from './connection/phone-watch.ts'

/** The watch over the phone's silence, on the bot's parts. */
export function createPhoneWatch(
  { clock, logger }: Pick<BotPorts, 'clock' | 'logger'>,
  config: Config,
  parts: { readonly session: BotSession; readonly connection: ConnectionKeeper },
): PhoneWatch {
  const { session, connection } = parts
  const settings = phoneSettings(config)
  return new PhoneWatch({
    clock,
    logger,
    settings,
    keys: () => session.keys(),
    ask: () => connection.askPhone(),
  })
}
