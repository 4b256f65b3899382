/** What stands behind the router at a moment, and what the router tells of each request. */

export type RouterBackend =
  | { readonly kind: 'up'; readonly port: number }
  /** A dyno is on its way: requests wait for it. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'crashed' }
  | { readonly kind: 'scaled-down' }

/** Heroku's router errors that can be told apart here. devcenter.heroku.com/articles/error-codes */
export const ROUTER_ERRORS = {
  H10: { desc: 'App crashed', status: 503 },
  H12: { desc: 'Request timeout', status: 503 },
  H13: { desc: 'Connection closed without response', status: 503 },
  H14: { desc: 'No web processes running', status: 503 },
  H15: { desc: 'Idle connection', status: 503 },
  H18: { desc: 'Server Request Interrupted', status: 503 },
  H19: { desc: 'Backend connection timeout', status: 503 },
  H20: { desc: 'App boot timeout', status: 503 },
  H21: { desc: 'Backend connection refused', status: 503 },
  H27: { desc: 'Client Request Interrupted', status: 499 },
  H28: { desc: 'Client Connection Idle', status: 499 },
} as const

export type RouterErrorCode = keyof typeof ROUTER_ERRORS

/** One request as its log line tells it; undefined where it never came so far. */
export interface RouterEntry {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly requestId: string
  readonly forwardedFor: string
  readonly protocol: 'http' | 'https'
  readonly error: RouterErrorCode | undefined
  readonly hasDyno: boolean
  readonly connectMs: number | undefined
  readonly serviceMs: number | undefined
  readonly status: number
  readonly bytes: number | undefined
}

/** The line of heroku[router]. devcenter.heroku.com/articles/http-routing, "Heroku Router Log Format" */
export function routerLine(entry: RouterEntry): string {
  const { error } = entry
  const head = error === undefined ? 'at=info' : errorHead(error)
  return [
    head,
    `method=${entry.method}`,
    `path="${entry.path}"`,
    `host=${entry.host}`,
    `request_id=${entry.requestId}`,
    `fwd="${entry.forwardedFor}"`,
    `dyno=${entry.hasDyno ? 'web.1' : ''}`,
    `connect=${ms(entry.connectMs)}`,
    `service=${ms(entry.serviceMs)}`,
    `status=${entry.status}`,
    `bytes=${entry.bytes ?? ''}`,
    `protocol=${entry.protocol}`,
  ].join(' ')
}

function errorHead(code: RouterErrorCode): string {
  const tail = `code=${code} desc="${ROUTER_ERRORS[code].desc}"`
  if (code === 'H27') return `sock=client at=warning ${tail}`
  if (code === 'H28') return `sock=client at=error ${tail}`
  return code === 'H18' ? `sock=backend at=error ${tail}` : `at=error ${tail}`
}

function ms(value: number | undefined): string {
  return value === undefined ? '' : `${Math.round(value)}ms`
}
