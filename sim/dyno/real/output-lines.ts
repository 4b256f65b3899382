/**
 * Cuts what a process prints into log lines. As on Heroku a line ends at 10,000 bytes at the latest
 * (devcenter.heroku.com/articles/limits), which also bounds what is kept here. Control characters that could
 * harm a terminal are left out; colours and tabs stay.
 */

import { StringDecoder } from 'node:string_decoder'

const MAX_LINE_BYTES = 10_000
// eslint-disable-next-line no-control-regex
const HARMFUL = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g

export class OutputLines {
  readonly #onLine: (text: string) => void
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  constructor(onLine: (text: string) => void) {
    this.#onLine = onLine
  }

  push(bytes: Buffer): void {
    this.#take(this.#decoder.write(bytes))
  }

  /** The last line, where no newline closed it. */
  end(): void {
    this.#take(this.#decoder.end())
    if (this.#rest !== '') this.#emit(this.#rest)
    this.#rest = ''
  }

  #take(text: string): void {
    const lines = `${this.#rest}${text}`.split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#emit(line)
    while (Buffer.byteLength(this.#rest) > MAX_LINE_BYTES) {
      const head = sliceBytes(this.#rest)
      this.#emit(head)
      this.#rest = this.#rest.slice(head.length)
    }
  }

  #emit(line: string): void {
    let left = line
    while (Buffer.byteLength(left) > MAX_LINE_BYTES) {
      const head = sliceBytes(left)
      this.#onLine(head.replace(HARMFUL, ''))
      left = left.slice(head.length)
    }
    this.#onLine(left.replace(HARMFUL, ''))
  }
}

/** The longest beginning that fits; never half a character. */
function sliceBytes(text: string): string {
  let end = Math.min(text.length, MAX_LINE_BYTES)
  while (Buffer.byteLength(text.slice(0, end)) > MAX_LINE_BYTES) end -= Math.ceil((end + 3) / 4)
  return text.slice(0, Math.max(1, end))
}
