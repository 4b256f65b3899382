/** What the command prints: how to reach the server, and how each step of a script went. Pure. */

import type { StepResult } from '../script/play-script.ts'

export interface Banner {
  readonly whatsApp: {
    /** `ws://` */
    readonly url: string
    /** `wss://` */
    readonly secureUrl: string
    readonly adminUrl: string
    readonly contacts: readonly { readonly name: string; readonly pn: string }[]
  }
  readonly account: { readonly pn: string }
  readonly isTls: boolean
  readonly certificateFile: string
  readonly authFolder: string | undefined
}

/** More are on the admin interface. */
const MAX_CONTACTS_SHOWN = 10

export function bannerText({ whatsApp, account, isTls, certificateFile, authFolder }: Banner): string {
  const url = isTls ? whatsApp.secureUrl : whatsApp.url
  const shown = whatsApp.contacts.slice(0, MAX_CONTACTS_SHOWN)
  const more = whatsApp.contacts.length - shown.length
  return [
    `fake WhatsApp  ${url}`,
    `admin          ${whatsApp.adminUrl}`,
    `account        ${account.pn}, whose phone links your bot`,
    ...shown.map(({ name, pn }) => `contact        ${pn}  ${name}`),
    ...(more > 0 ? [`               and ${more} more`] : []),
    '',
    `Point your bot at it:   makeWASocket({ waWebSocketUrl: '${url}', … })`,
    `For wss:// and media:   NODE_EXTRA_CA_CERTS=${certificateFile} node my-bot.js`,
    authFolder === undefined
      ? "Link it:                paste its QR's text or its pairing code here and press Enter"
      : `Linked already:         useMultiFileAuthState('${authFolder}')`,
    '',
    '',
  ].join('\n')
}

/** E.g. `ok    3  Ada says ".ping" and hears "pong"  (12 ms)`. */
export function resultLine({ number, step, isMet, tookMs }: StepResult): string {
  const where = step.group === undefined ? '' : ` in ${step.group}`
  const says = step.says === undefined ? [] : [`says ${quoted(step.says)}`]
  const heard = isMet ? 'hears' : 'does not hear'
  const hears = step.expects === undefined ? [] : [`${heard} ${quoted(step.expects)}`]
  const verdict = isMet ? 'ok    ' : 'FAILED'
  return `${verdict} ${number}  ${step.contact}${where} ${[...says, ...hears].join(' and ')}  (${tookMs} ms)\n`
}

export function summaryLine(results: readonly StepResult[]): string {
  const failed = results.filter((result) => !result.isMet).length
  return failed === 0
    ? `the script has ended: ${results.length} steps, as expected\n`
    : `the script has ended: ${failed} of ${results.length} steps not as expected\n`
}

const MAX_SHOWN_LENGTH = 60

function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text)
}
