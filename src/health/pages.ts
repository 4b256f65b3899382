/**
 * The pages as plain HTML: no scripts, no files beside them, one style sheet inside that the security header
 * names by its digest. Pure. A page refreshes itself while something is about to change.
 */

import { createHash } from 'node:crypto'
import type { HealthReport, HealthVerdict } from './health-report.ts'
import type { SnapshotFile } from './health-source.ts'

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.3rem; }
.qr { background: #fff; padding: 0.5rem; width: min(100%, 20rem); box-sizing: border-box; }
.qr svg { display: block; width: 100%; height: auto; }
.code { font: 600 1.6rem/1.5 ui-monospace, monospace; letter-spacing: 0.15em; }
.bad { color: #b00020; }
@media (prefers-color-scheme: dark) { .bad { color: #ff8a95; } }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
label, input { display: block; width: 100%; box-sizing: border-box; font: inherit; }
input { padding: 0.6rem; margin: 0.3rem 0 1rem; }
button { font: inherit; padding: 0.6rem 1rem; }
form + form { margin-top: 1rem; }
`

/** For the Content-Security-Policy. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`

/** Shorter than the 20 s that WhatsApp shows a QR for. */
const REFRESH_SECONDS = 5

export interface PairingView {
  readonly verdict: HealthVerdict
  readonly report: HealthReport
  /** In words, such as `open` or `waiting`; undefined while the bot has not reported. */
  readonly connection: string | undefined
  readonly cause: string | undefined
  /** What the owner has to do before the stored session can be used; undefined when nothing. */
  readonly remedy: string | undefined
  readonly nextAttemptInSeconds: number | undefined
  /** Of the account's phone; undefined before the first connection. */
  readonly phone: { readonly silentSeconds: number; readonly isOverdue: boolean } | undefined
  /** The SVG of the QR, made here; undefined when there is none to scan. */
  readonly qrSvg: string | undefined
  readonly pairingCode: string | undefined
  readonly snapshot: SnapshotFile | undefined
  readonly canSnapshot: boolean
}

export function pairingPage(view: PairingView): string {
  const { verdict, report, snapshot } = view
  const reasons = verdict.reasons.length === 0 ? '' : ` (${verdict.reasons.join(', ')})`
  const usage = report.memory.percentages.systemUsage
  const facts: [string, string][] = [
    ['Status', `${verdict.status}${reasons}`],
    ['Connection', connectionText(view)],
    ['Phone', phoneText(view)],
    ['Database', report.databaseConnected ? 'connected' : 'not connected'],
    ['Memory', usage === null ? 'not measured' : `${usage} % of the quota`],
    ['Up for', durationText(report.uptime)],
  ]
  return page('WhatsApp bot', REFRESH_SECONDS, [
    pairingPart(view),
    phonePart(view),
    `<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>`,
    view.canSnapshot ? snapshotPart(snapshot) : '',
    '<form method="post" action="/logout"><button>Log out</button></form>',
  ])
}

export function loginPage(problem?: string): string {
  return page('Log in', undefined, [
    problem === undefined ? '' : `<p class="bad" role="alert">${escapeHtml(problem)}</p>`,
    `<form method="post" action="/login">
<label for="token">Token (the value of ADMIN_TOKEN)</label>
<input id="token" name="token" type="password" autocomplete="current-password" maxlength="256" required autofocus>
<button>Log in</button>
</form>`,
  ])
}

export function noTokenPage(): string {
  return page('Pages are off', undefined, [
    `<p>This bot has no <code>ADMIN_TOKEN</code>, so nobody could be told apart from its owner.</p>
<p>Set it to 16 or more random characters and restart, for example:</p>
<pre>heroku config:set ADMIN_TOKEN=$(openssl rand -hex 24)</pre>`,
  ])
}

export function noticePage(title: string, text: string): string {
  return page(title, undefined, [`<p>${escapeHtml(text)}</p>`, '<p><a href="/pairing">Back</a></p>'])
}

function page(title: string, refreshSeconds: number | undefined, parts: readonly string[]): string {
  const refresh =
    refreshSeconds === undefined ? '' : `<meta http-equiv="refresh" content="${refreshSeconds}">\n`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refresh}<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${parts.filter((part) => part !== '').join('\n')}
</main>
</body>
</html>
`
}

function pairingPart({ qrSvg, pairingCode, connection, cause, remedy }: PairingView): string {
  if (remedy !== undefined) {
    return `<p class="bad">The stored session cannot be used: ${escapeHtml(remedy)}.</p>`
  }
  if (connection === 'halted') {
    return `<p class="bad">WhatsApp has ended this link (${escapeHtml(cause ?? 'unknown cause')}). Nothing is tried
any more and nothing was deleted; docs/operations.md says what to do.</p>`
  }
  if (connection === 'open') return '<p>Linked and connected. Nothing to do here.</p>'
  const parts: string[] = []
  if (pairingCode !== undefined) {
    parts.push(`<p>On your phone: WhatsApp, Linked devices, Link a device, Link with phone number instead.</p>
<p class="code">${escapeHtml(pairingCode)}</p>`)
  }
  if (qrSvg !== undefined) {
    const how =
      pairingCode === undefined
        ? 'On your phone: WhatsApp, Linked devices, Link a device. Then point'
        : 'Or point'
    parts.push(`<p>${how} it here.</p>
<div class="qr" role="img" aria-label="QR code to link this bot">${qrSvg}</div>`)
  }
  return parts.join('\n')
}

function phonePart({ phone }: PairingView): string {
  if (phone?.isOverdue !== true) return ''
  return `<p class="bad">Open WhatsApp on the phone: nothing was heard of it for ${durationText(phone.silentSeconds)}, and
WhatsApp ends this link after 14 days.</p>`
}

function snapshotPart(snapshot: SnapshotFile | undefined): string {
  const link =
    snapshot === undefined
      ? ''
      : `<p><a href="/heap-snapshot">Download the heap snapshot</a> (${megabytes(snapshot.bytes)} MB, ${new Date(snapshot.takenAtMs).toISOString()})</p>`
  return `<form method="post" action="/heap-snapshot"><button>Take a heap snapshot</button></form>${link}`
}

function connectionText({ connection, cause, nextAttemptInSeconds }: PairingView): string {
  const parts = [connection ?? 'the bot has not reported yet']
  if (cause !== undefined) parts.push(`last cause: ${cause}`)
  if (nextAttemptInSeconds !== undefined) parts.push(`next attempt in ${durationText(nextAttemptInSeconds)}`)
  return parts.join('; ')
}

function phoneText({ phone }: PairingView): string {
  return phone === undefined ? 'not known yet' : `last sign ${durationText(phone.silentSeconds)} ago`
}

function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 120) return `${whole} s`
  if (whole < 7_200) return `${Math.floor(whole / 60)} min`
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`
}

function megabytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1)
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replaceAll(/[&<>"']/g, (letter) => names[letter] ?? letter)
}
