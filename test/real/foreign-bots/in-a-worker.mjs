/** A bot in a worker thread, as those that run several sessions have them. */

import { Worker } from 'node:worker_threads'

void new Worker(new URL('bot.mjs', import.meta.url), { argv: process.argv.slice(2) })
