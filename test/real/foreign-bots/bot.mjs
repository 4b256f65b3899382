/** `node bot.mjs PACKAGE [WAY…]`: a bot on the Baileys that is installed under this name. */

import { runBot } from './run-bot.mjs'

const [name, ...ways] = process.argv.slice(2)
await runBot(await import(name), ways)
