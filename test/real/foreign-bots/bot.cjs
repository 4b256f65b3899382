/** The same as bot.mjs, for those whose bot is CommonJS. */

const [name, ...ways] = process.argv.slice(2)
void import('./run-bot.mjs').then(({ runBot }) => runBot(require(name), ways))
