/** One colour a verdict, everywhere. */

import type { Verdict } from '../world/run-result.ts'
import type { Colors } from './terminal.ts'

const COLOR_OF_VERDICT = {
  holds: 'green',
  broken: 'red',
  vacuous: 'yellow',
  error: 'magenta',
} as const satisfies Record<Verdict, keyof Colors>

export function styledVerdict(verdict: Verdict, colors: Colors): string {
  return colors[COLOR_OF_VERDICT[verdict]](verdict)
}
