/**
 * What the preload did, as lines of JSON in a file of the lab's: {pid, atMs, what: 'loaded' | 'redirected' |
 * 'linked' | 'refused', …}. From it the lab can tell a bot that never asked for WhatsApp from one that the preload
 * has not even reached. It never holds a QR or a code, and a file that cannot be written changes nothing.
 */

import { appendFileSync } from 'node:fs'

export function openReport(file) {
  if (!file) return () => undefined
  return (entry) => {
    try {
      appendFileSync(file, `${JSON.stringify({ pid: process.pid, atMs: Date.now(), ...entry })}\n`)
    } catch {
      // Another file system than the lab's, as in a container without it.
    }
  }
}
