/**
 * Brings somebody else's bot to the fake WhatsApp without a change in it: loaded by `--import` into each of its
 * Node processes, from Node 20 on. It works below the library, on what Node itself offers, so that it does not
 * matter which Baileys that is, under which name it is installed, or whether it was bundled. Plain JavaScript
 * without a single package; without its variable it does nothing.
 *
 * FAKE_WHATSAPP_PRELOAD is JSON: `url` of the fake (ws://127.0.0.1:PORT/…), `adminUrl`, `account` (phone number
 * whose phone scans), `rootKey` (hex, the root of the fake's certificates), `report` (where to tell what it does, if anywhere).
 */

import { trustRoot } from './trusted-root.mjs'
import { redirectWhatsApp } from './redirect.mjs'
import { watchPairing } from './pairing.mjs'
import { PhoneLine } from './phone-line.mjs'
import { openReport } from './report.mjs'

const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])$/

const text = process.env.FAKE_WHATSAPP_PRELOAD
if (text) {
  const { url, adminUrl, account, rootKey, report } = JSON.parse(text)
  const { hostname, port } = new URL(url)
  // What it redirects it also stops to check: that must never lead anywhere but to this machine.
  if (!LOOPBACK.test(hostname)) throw new Error(`FAKE_WHATSAPP_PRELOAD leads to ${hostname}, not to loopback`)
  const write = openReport(report)
  trustRoot(rootKey)
  redirectWhatsApp({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }, write)
  watchPairing(new PhoneLine({ adminUrl, account, write }))
  write({ what: 'loaded', node: process.version })
}
