/**
 * Negative control: what the bot used to be, its first process. It answers the health page (always well), starts the
 * bot as a child, at once again whenever that has ended, and manages memory, in the wrong process and by
 * heapUsed/heapTotal, which is high in any healthy Node and says nothing about the dyno's quota.
 */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { log, serveHealth } from '../pong.ts'

const CHECK_EVERY_MS = 60_000
const CLEANUP_PERCENT = 70
const EMERGENCY_PERCENT = 85
/** SIGTERM was noticed, and nothing was flushed. */
const EXIT_DELAY_MS = 500

function heapPercent(): number {
  const { heapUsed, heapTotal } = process.memoryUsage()
  return Math.round((heapUsed / heapTotal) * 100)
}

/** The connection lives in another process: there is nothing here that could be cleaned up. */
function checkMemory(): void {
  const percent = heapPercent()
  if (percent < CLEANUP_PERCENT) return
  globalThis.gc?.()
  log(percent < EMERGENCY_PERCENT ? 'before.memory-cleanup' : 'before.memory-emergency', { percent })
}

function startBot(): void {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], { stdio: 'inherit' })
  child.once('error', (error) => log('before.bot-not-started', { reason: error.message }))
  child.once('exit', (code) => {
    log('before.bot-ended', { code })
    if (!isStopping) startBot()
  })
}

let isStopping = false
process.on('SIGTERM', () => {
  isStopping = true
  setTimeout(() => process.exit(0), EXIT_DELAY_MS)
})
serveHealth(() => ({ status: 'ok', memory: { percentages: { heapUsage: heapPercent() } } }))
setInterval(checkMemory, CHECK_EVERY_MS)
startBot()
