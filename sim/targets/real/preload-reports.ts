/** What the preloads in a target's processes tell, heard on the fake WhatsApp's own port: `addRequestHandler(handle)`. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { BoundedList } from '../../whatsapp/bounded-list.ts'
import { readBody } from '../../whatsapp/http/request-body.ts'

export const PRELOAD_REPORT_PATH = '/preload-report'

/** Of all boots so far; `refusal` and `linked` are about QR and pairing code. */
export interface PreloadReport {
  /** Node processes that have loaded it. */
  readonly processes: number
  /** Version of a Node that is older than the preload is made for, as `v18.20.8`, if one has loaded it. */
  readonly oldNode: string | undefined
  /** Hosts that were asked for and led to the fake. */
  readonly hosts: readonly string[]
  /** How often the phone has linked the bot: 1, and more when it had to be linked again. */
  readonly linked: number
  /** The last reason why the phone could not. */
  readonly refusal: string | undefined
}

const entrySchema = z.object({
  pid: z.int(),
  what: z.enum(['loaded', 'redirected', 'linked', 'refused']),
  node: z.string().optional(),
  host: z.string().optional(),
  why: z.string().optional(),
})

export const MIN_NODE_MAJOR = 20

const KEPT_ENTRIES = 10_000
const MAX_BODY_BYTES = 10_000

export class PreloadReports {
  readonly #entries = new BoundedList<z.output<typeof entrySchema>>(KEPT_ENTRIES)

  /** Answers the request if it is a report. @returns whether it is */
  readonly handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.url !== PRELOAD_REPORT_PATH) return false
    void this.#take(request, response)
    return true
  }

  get report(): PreloadReport {
    const entries = this.#entries.toArray()
    const count = (wanted: string): number => entries.filter(({ what }) => what === wanted).length
    return {
      processes: count('loaded'),
      oldNode: entries.find(({ node }) => node !== undefined && majorOf(node) < MIN_NODE_MAJOR)?.node,
      hosts: [...new Set(entries.flatMap(({ host }) => host ?? []))],
      linked: count('linked'),
      refusal: entries.findLast(({ what }) => what === 'refused')?.why,
    }
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, MAX_BODY_BYTES)
    if (body.outcome === 'aborted') return
    const entry = entrySchema.safeParse(body.outcome === 'read' ? parsed(body.content) : undefined)
    if (entry.success) this.#entries.push(entry.data)
    response.writeHead(entry.success ? 204 : 400).end()
  }
}

function majorOf(version: string): number {
  return Number.parseInt(version.replace(/^v/, ''), 10)
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
