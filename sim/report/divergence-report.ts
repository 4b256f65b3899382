/** Shows where two runs of one seed part: the proof that the lab, not the bot, has to be mended. */

import type { Divergence } from '../cli/divergence.ts'
import type { RunRequest } from '../world/run-result.ts'
import type { Colors } from './terminal.ts'

/** A trace line may hold a whole batch of keys. */
const MAX_LINE_CHARS = 400

export function divergenceText(divergence: Divergence, colors: Colors): string {
  return [
    `  first divergent trace line: ${divergence.line}`,
    `  ${colors.red('−')} ${shown(divergence.first)}`,
    `  ${colors.green('+')} ${shown(divergence.second)}`,
    '',
  ].join('\n')
}

export function notDeterministicTitle({ scenario, seed, level }: RunRequest, colors: Colors): string {
  return `${colors.red('≠')} ${colors.bold(`${scenario.id} · seed ${seed} · ${level}`)}: the same seed gave different traces\n`
}

function shown(line: string | undefined): string {
  if (line === undefined) return '(the trace has ended)'
  return line.length > MAX_LINE_CHARS ? `${line.slice(0, MAX_LINE_CHARS)}…` : line
}
