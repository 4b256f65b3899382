/** The plain table of `doctor`. */

import type { Finding } from '../cli/lab-environment.ts'
import type { Colors } from './terminal.ts'

export function doctorText(findings: readonly Finding[], colors: Colors): string {
  const width = Math.max(...findings.map((finding) => finding.subject.length))
  const lines = findings.map(({ subject, isUsable, detail }) => {
    const mark = isUsable ? colors.green('yes') : colors.yellow('no ')
    return `${subject.padEnd(width)}  ${mark}  ${detail}`
  })
  return `${lines.join('\n')}\n`
}
