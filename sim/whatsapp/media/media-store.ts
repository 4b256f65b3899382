/**
 * The encrypted files that devices have uploaded, by their direct path. Only the devices hold the keys. What
 * is kept is bounded: the oldest files go first, as WhatsApp itself forgets media after some weeks, and a
 * download of a forgotten one is told so.
 */

import { randomBytes } from 'node:crypto'

export interface MediaLimits {
  readonly maxFiles: number
  readonly maxFileBytes: number
  readonly maxTotalBytes: number
}

/** Enough for any test; a process of 512 MB bears it beside everything else. */
export const DEFAULT_MEDIA_LIMITS: MediaLimits = {
  maxFiles: 1_000,
  maxFileBytes: 64 * 1024 * 1024,
  maxTotalBytes: 128 * 1024 * 1024,
}

/** What the truth tells of one stored file. */
export interface StoredMedia {
  readonly directPath: string
  /** The path of its upload, e.g. `image` of `/mms/image`. */
  readonly kind: string
  readonly bytes: number
  readonly downloads: number
}

interface Entry {
  readonly kind: string
  readonly content: Buffer
  downloads: number
}

export type Lookup =
  | { readonly outcome: 'found'; readonly content: Buffer }
  | { readonly outcome: 'forgotten' }
  | { readonly outcome: 'unknown' }

export class MediaStore {
  readonly limits: MediaLimits
  readonly #files = new Map<string, Entry>()
  #totalBytes = 0

  constructor(limits: MediaLimits) {
    this.limits = limits
  }

  /** Keeps the file and makes room for it. @returns its direct path @throws RangeError above the limits */
  put(kind: string, content: Buffer): string {
    const maxBytes = Math.min(this.limits.maxFileBytes, this.limits.maxTotalBytes)
    if (content.length > maxBytes) throw new RangeError(`a media file of ${content.length} bytes`)
    this.#makeRoomFor(content.length)
    const directPath = `/v/${kind}/${randomBytes(12).toString('hex')}.enc`
    this.#files.set(directPath, { kind, content, downloads: 0 })
    this.#totalBytes += content.length
    return directPath
  }

  /** Counts as a download when found. */
  take(directPath: string): Lookup {
    const entry = this.#files.get(directPath)
    if (entry !== undefined) {
      entry.downloads += 1
      return { outcome: 'found', content: entry.content }
    }
    return { outcome: PATH.test(directPath) ? 'forgotten' : 'unknown' }
  }

  /** From the oldest to the newest. */
  list(): StoredMedia[] {
    return [...this.#files].map(([directPath, { kind, content, downloads }]) => ({
      directPath,
      kind,
      bytes: content.length,
      downloads,
    }))
  }

  clear(): void {
    this.#files.clear()
    this.#totalBytes = 0
  }

  #makeRoomFor(bytes: number): void {
    for (const [directPath, { content }] of this.#files) {
      const isRoom =
        this.#files.size < this.limits.maxFiles && this.#totalBytes + bytes <= this.limits.maxTotalBytes
      if (isRoom) return
      this.#files.delete(directPath)
      this.#totalBytes -= content.length
    }
  }
}

/** A path of this shape was given out once by this store, or by one that is gone. */
const PATH = /^\/v\/[a-z-]+\/[0-9a-f]{24}\.enc$/
