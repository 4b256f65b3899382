/**
 * The dyno's entry: binds the web port before anything else, then keeps one bot process alive. It knows neither
 * WhatsApp nor the database. Surprising: with a wrong setting a web dyno stays up and says what is wrong on
 * every path, because leaving would cost a cool-off of up to hours, and mending a setting restarts it anyway.
 */

import { SystemDynoExit } from './adapters/system-exit.ts'
import { PinoLogger } from './adapters/pino-logger.ts'
import { configProblemsText } from './config-report.ts'
import { parseConfig } from './config.ts'
import type { ConfigProblem, Environment } from './config.ts'
import { createDyno } from './dyno.ts'
import { errorMessageOf } from './errors.ts'
import { framesOf } from './error-frames.ts'
import { serveConfigProblems } from './health/config-problems-server.ts'

const exit = new SystemDynoExit()
const parsed = parseConfig(process.env)
const logger = new PinoLogger({ level: parsed.ok ? parsed.config.logLevel : 'info' })

process.on('uncaughtException', (error) => failed('supervisor.uncaught', error))
process.on('unhandledRejection', (error) => failed('supervisor.unhandled', error))
if (parsed.ok) {
  const { config, warnings } = parsed
  // Compiled in production, as it is written in development.
  const botModule = new URL(
    import.meta.url.endsWith('.ts') ? './bot-main.ts' : './bot-main.js',
    import.meta.url,
  )
  const dyno = createDyno({ config, warnings, logger, exit, botModule })
  onStop(() => dyno.terminate())
  await dyno.start()
} else {
  await showProblems(parsed.problems, process.env)
}

/** The bot ends by itself when its channel to us closes. */
function failed(event: string, error: unknown): void {
  logger.error(event, { error: error instanceof Error ? error.name : typeof error, at: framesOf(error) })
  exit.exit('fault')
}

/** Where nobody could ask over HTTP it ends instead: a developer's terminal has the text before it. */
async function showProblems(problems: readonly ConfigProblem[], env: Environment): Promise<void> {
  process.stderr.write(configProblemsText(problems))
  const port = Number(env['PORT'])
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return exit.exit('config')
  try {
    await serveConfigProblems(problems, { port, host: '0.0.0.0' })
  } catch (error) {
    logger.error('http.port-not-bound', { port, reason: errorMessageOf(error) })
    return exit.exit('port')
  }
  logger.error('config.invalid', { settings: problems.map(({ setting }) => setting) })
  onStop(() => exit.exit('stopped'))
}

/** Heroku's SIGTERM, which may come twice, and Ctrl-C. */
function onStop(stop: () => void): void {
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
