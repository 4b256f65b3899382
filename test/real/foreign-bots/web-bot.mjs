/** `node web-bot.mjs [leaving [PACKAGE]]`: a bot for a web dyno, which answers its port. `leaving` has a child that outlives it. */

import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { runBot } from './run-bot.mjs'

const [way, name = '@whiskeysockets/baileys'] = process.argv.slice(2)
createServer((_request, response) => response.end('here')).listen(Number(process.env.PORT))
if (way === 'leaving') {
  spawn('sh', ['-c', "trap '' TERM; exec sleep 600"], { stdio: 'ignore' })
  process.on('SIGTERM', () => process.exit(0))
}
await runBot(await import(name))
