/** The code blocks of a Markdown document, so that tests can do literally what the document says. */

export interface CodeBlock {
  /** The word after the fence, e.g. `sh`; empty without one. */
  readonly language: string
  /** From a first line such as `// bot.js`, which is then not part of the text. */
  readonly fileName: string | undefined
  readonly text: string
  /** Of the fence, from 1. */
  readonly line: number
}

export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open: { language: string; line: number; lines: string[] } | undefined
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(\w*)/.exec(line)
    if (open === undefined) {
      if (fence !== null) open = { language: fence[1] ?? '', line: index + 1, lines: [] }
    } else if (fence === null) {
      open.lines.push(line)
    } else {
      const fileName = /^\/\/ ([\w./-]+\.\w+)$/.exec(open.lines[0] ?? '')?.[1]
      const lines = fileName === undefined ? open.lines : open.lines.slice(1)
      blocks.push({ language: open.language, line: open.line, fileName, text: `${lines.join('\n')}\n` })
      open = undefined
    }
  }
  return blocks
}
