/**
 * WhatsApp's media host: devices upload encrypted files to it and download them by direct path, over the same
 * port as everything else. It checks what the real one checks of an upload (the token handed out by the query
 * `media_conn`, the file's hash) and never sees a key or a plain byte.
 */

import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BinaryNode } from '@whiskeysockets/baileys'
import { parseByteRange } from './byte-range.ts'
import { MediaStore } from './media-store.ts'
import type { MediaLimits } from './media-store.ts'
import { readBody } from '../http/request-body.ts'

/** The paths that Baileys uploads to (its MEDIA_PATH_MAP); the last part names the kind. */
const UPLOAD_PATH =
  /^\/(?:mms\/(image|video|document|audio|md-app-state)|product\/(image)|pps\/(biz-cover-photo))\/([^/]+)$/
const DOWNLOAD_PATH = /^\/v\//
/** How long a device may use one answer to `media_conn`. */
const MEDIA_CONN_TTL_SECONDS = 300

export class MediaHost {
  readonly store: MediaStore
  readonly #token = randomBytes(16).toString('base64url')
  readonly #host: () => string
  /** Announced lengths of the uploads that are being read. */
  #uploadingBytes = 0

  /** @param host `127.0.0.1:PORT`, asked for at each use because the port may be known late */
  constructor(host: () => string, limits: MediaLimits) {
    this.#host = host
    this.store = new MediaStore(limits)
  }

  /** The child of the answer to a device's `media_conn` query. */
  mediaConnNode(): BinaryNode {
    const attrs = {
      auth: this.#token,
      ttl: String(MEDIA_CONN_TTL_SECONDS),
      auth_ttl: String(MEDIA_CONN_TTL_SECONDS),
      max_buckets: '12',
      id: '1',
    }
    // Baileys builds `https://` + hostname + path; a port in it is taken as it is.
    const host = { hostname: this.#host(), maxContentLengthBytes: String(this.store.limits.maxFileBytes) }
    return { tag: 'media_conn', attrs, content: [{ tag: 'host', attrs: host }] }
  }

  urlOf(directPath: string): string {
    return `https://${this.#host()}${directPath}`
  }

  /** Answers the request if it is one of the media host's. @returns whether it is */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const url = new URL(request.url ?? '/', 'https://media.invalid')
    const upload = UPLOAD_PATH.exec(url.pathname)
    if (upload !== null) {
      void this.#upload(request, response, upload, url.searchParams)
      return true
    }
    if (!DOWNLOAD_PATH.test(url.pathname)) return false
    this.#download(request, response, url.pathname)
    return true
  }

  async #upload(
    request: IncomingMessage,
    response: ServerResponse,
    [, mms, product, profile, hashInPath = '']: RegExpExecArray,
    query: URLSearchParams,
  ): Promise<void> {
    if (request.method !== 'POST') return refuse(request, response, 405, 'uploads are POST')
    if (query.get('auth') !== this.#token)
      return refuse(request, response, 401, 'auth is not that of media_conn')
    const { maxFileBytes, maxTotalBytes } = this.store.limits
    const lengthBytes = Number(request.headers['content-length'] ?? Number.NaN)
    if (Number.isNaN(lengthBytes)) return refuse(request, response, 411, 'content-length is missing')
    if (lengthBytes > maxFileBytes) return refuse(request, response, 413, 'file too large')
    if (this.#uploadingBytes + lengthBytes > maxTotalBytes) return refuse(request, response, 503, 'busy')
    this.#uploadingBytes += lengthBytes
    const body = await readBody(request, lengthBytes)
    this.#uploadingBytes -= lengthBytes
    if (body.outcome !== 'read') return
    const hash = createHash('sha256').update(body.content).digest('base64url')
    if (decodeURIComponent(hashInPath) !== hash || query.get('token') !== hash) {
      return refuse(request, response, 400, 'the path and token are not the hash of the file')
    }
    const directPath = this.store.put(mms ?? product ?? profile ?? '', body.content)
    json(response, 200, { url: this.urlOf(directPath), direct_path: directPath })
  }

  #download(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (request.method !== 'GET') return refuse(request, response, 405, 'downloads are GET')
    const found = this.store.take(path)
    if (found.outcome === 'forgotten') return refuse(request, response, 410, 'this file is gone')
    if (found.outcome === 'unknown') return refuse(request, response, 404, 'no such file')
    const { content } = found
    const range = parseByteRange(request.headers.range, content.length)
    response.setHeader('accept-ranges', 'bytes')
    response.setHeader('content-type', 'application/octet-stream')
    if (range === 'unsatisfiable') {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
    } else if (range === undefined) {
      response.writeHead(200, { 'content-length': content.length }).end(content)
    } else {
      const part = content.subarray(range.start, range.end + 1)
      const contentRange = `bytes ${range.start}-${range.end}/${content.length}`
      response.writeHead(206, { 'content-length': part.length, 'content-range': contentRange }).end(part)
    }
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number, reason: string): void {
  request.resume()
  // The rest of a refused upload is not worth reading.
  response.setHeader('connection', 'close')
  json(response, status, { error: reason })
}

function json(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content))
}
