/** Questions to whoever sits at the terminal. Written to stderr, so that a result on stdout can be kept. */

import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

/** The answer's line. `isHidden`: what is typed is not shown. */
export async function ask(question: string, options: { readonly isHidden: boolean }): Promise<string> {
  const output = options.isHidden
    ? new Writable({ write: (_chunk, _encoding, done) => done() })
    : process.stderr
  if (options.isHidden) process.stderr.write(question)
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  try {
    return await lines.question(options.isHidden ? '' : question)
  } finally {
    lines.close()
    if (options.isHidden) process.stderr.write('\n')
  }
}
