/**
 * Takes apart what a container's two streams come in: frames of eight bytes' head (stream, three zeros, length
 * as a big-endian word) and so many bytes. docs.docker.com/reference/api/engine, "ContainerAttach". Pure.
 */

export interface OutputFrame {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Buffer
}

const HEAD_BYTES = 8
const STDERR = 2

export class OutputFrames {
  #rest: Buffer = Buffer.alloc(0)

  /** The frames that these bytes complete, in order. */
  add(bytes: Buffer): OutputFrame[] {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const frames: OutputFrame[] = []
    while (this.#rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + this.#rest.readUInt32BE(4)
      if (this.#rest.length < end) break
      const stream = this.#rest[0] === STDERR ? 'stderr' : 'stdout'
      frames.push({ stream, bytes: this.#rest.subarray(HEAD_BYTES, end) })
      this.#rest = this.#rest.subarray(end)
    }
    return frames
  }
}
