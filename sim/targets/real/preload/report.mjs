/**
 * What the preload did, told to the lab: {pid, what: 'loaded' | 'redirected' | 'linked' | 'refused', …}. From it the
 * lab can tell a bot that never asked for WhatsApp from one that the preload has not even reached. It never holds a
 * QR or a code, and a lab that does not listen changes nothing.
 */

import { post } from './admin-post.mjs'

const RETRY_MS = 500
const MAX_TRIES = 20

export function openReport(url) {
  if (!url) return () => undefined
  const tell = (entry, tries) =>
    post(url, entry, (refusal) => {
      if (refusal !== undefined && tries < MAX_TRIES)
        setTimeout(() => tell(entry, tries + 1), RETRY_MS).unref()
    })
  return (entry) => tell({ pid: process.pid, ...entry }, 1)
}
