/**
 * Frames: three bytes of big-endian length, then the body. Only the client's first bytes carry an intro, which
 * may begin with the routing that an earlier connection was given. WebSocket messages are one byte stream: a
 * frame may be split over messages, and a message may hold several frames.
 */

const MAGIC = Buffer.from('WA')
const ROUTING_MAGIC = Buffer.from('ED')
const LENGTH_BYTES = 3
const ROUTING_HEAD_BYTES = 7
const INTRO_BYTES = 4

export interface Intro {
  /** `W`, `A`, and two version bytes: the handshake's hash begins with them. */
  readonly header: Buffer
  readonly routing: Buffer | undefined
}

/** The body with its length in front, ready to be written. */
export function toFrame(body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + body.length)
  frame.writeUIntBE(body.length, 0, LENGTH_BYTES)
  frame.set(body, LENGTH_BYTES)
  return frame
}

/** Cuts a client's byte stream into its intro and frames. */
export class FrameReader {
  #pending = Buffer.alloc(0)
  #intro: Intro | undefined

  get intro(): Intro | undefined {
    return this.#intro
  }

  /**
   * Takes the next bytes and gives every frame that is now whole.
   * @throws Error when the stream does not begin as a WhatsApp client's does
   */
  push(bytes: Uint8Array): Buffer[] {
    this.#pending = Buffer.concat([this.#pending, bytes])
    if (this.#intro === undefined && !this.#readIntro()) return []
    const frames: Buffer[] = []
    for (let frame = this.#nextFrame(); frame !== undefined; frame = this.#nextFrame()) frames.push(frame)
    return frames
  }

  #readIntro(): boolean {
    let offset = 0
    let routing: Buffer | undefined
    if (this.#pending.subarray(0, 2).equals(ROUTING_MAGIC)) {
      if (this.#pending.length < ROUTING_HEAD_BYTES) return false
      const length = this.#pending.readUIntBE(4, LENGTH_BYTES)
      offset = ROUTING_HEAD_BYTES + length
      routing = Buffer.from(this.#pending.subarray(ROUTING_HEAD_BYTES, offset))
    }
    if (this.#pending.length < offset + INTRO_BYTES) return false
    const header = Buffer.from(this.#pending.subarray(offset, offset + INTRO_BYTES))
    if (!header.subarray(0, 2).equals(MAGIC)) {
      throw new Error(`the stream begins with ${header.toString('hex')} instead of WhatsApp's intro`)
    }
    this.#pending = this.#pending.subarray(offset + INTRO_BYTES)
    this.#intro = { header, routing }
    return true
  }

  #nextFrame(): Buffer | undefined {
    if (this.#pending.length < LENGTH_BYTES) return undefined
    const end = LENGTH_BYTES + this.#pending.readUIntBE(0, LENGTH_BYTES)
    if (this.#pending.length < end) return undefined
    const frame = Buffer.from(this.#pending.subarray(LENGTH_BYTES, end))
    this.#pending = this.#pending.subarray(end)
    return frame
  }
}
