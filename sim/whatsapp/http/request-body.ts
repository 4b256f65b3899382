/** Reads a request's body whole, up to a limit, and says how it ended instead of throwing. */

import type { IncomingMessage } from 'node:http'

export type Body =
  | { readonly outcome: 'read'; readonly content: Buffer }
  | { readonly outcome: 'too-large' }
  /** The client went away in the middle. */
  | { readonly outcome: 'aborted' }

/** After 'too-large' the rest of the body is thrown away unread; the caller answers and closes the connection. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return tooLarge(request)
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBytes) return tooLarge(request)
      chunks.push(chunk)
    }
  } catch {
    return { outcome: 'aborted' }
  }
  return { outcome: 'read', content: Buffer.concat(chunks) }
}

function tooLarge(request: IncomingMessage): Body {
  request.resume()
  return { outcome: 'too-large' }
}
