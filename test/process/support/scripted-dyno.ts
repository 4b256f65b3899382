/** The dyno's entry with a bot that does what SCRIPT says (scripted-bot.ts); all else is production's. */

import { SystemDynoExit } from '../../../src/adapters/system-exit.ts'
import { PinoLogger } from '../../../src/adapters/pino-logger.ts'
import { parseConfig } from '../../../src/config.ts'
import { createDyno } from '../../../src/dyno.ts'

const parsed = parseConfig(process.env)
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
const { config, warnings } = parsed
const botModule = new URL('./scripted-bot.ts', import.meta.url)
const logger = new PinoLogger({ level: 'info' })
const dyno = createDyno({ config, warnings, logger, exit: new SystemDynoExit(), botModule })
process.on('SIGTERM', () => dyno.terminate())
await dyno.start()
