/** What `replay` prints: what was recorded, what it came to this time, and whether the two can be compared. */

import type { HashComparison } from '../cli/replay-command.ts'
import type { RunFile } from '../cli/run-file.ts'
import type { Versions } from '../cli/versions.ts'
import type { RunResult } from '../world/run-result.ts'
import { clockText, hoursText, speedText } from './durations.ts'
import type { Colors } from './terminal.ts'
import { styledVerdict } from './verdict-style.ts'

export interface Replay {
  readonly file: RunFile
  readonly result: RunResult
  readonly comparison: HashComparison
  readonly versions: Versions
}

export function replayHeadingText(file: RunFile, postgres: string | undefined): string {
  const { scenario, seed, level, target, verdict } = file
  const server = postgres === undefined ? '' : `, Postgres ${postgres}`
  return `replay of ${scenario.id}: seed ${seed}, ${level}, target ${target}${server}; recorded as ${verdict}\n`
}

export function replayVerdictText({ file, result, comparison, versions }: Replay, colors: Colors): string {
  const [first] = result.violations
  const isReproduced = file.verdict === result.verdict && result.verdict !== 'holds'
  const verdict = `${styledVerdict(result.verdict, colors)}${isReproduced ? ', reproduced' : ''}`
  const lines = [
    `${verdict} · ${hoursText(result.virtualMs)} virtual · ${speedText(result.virtualMs, result.wallMs)}`,
    ...(first === undefined ? [] : [`  ${first.claim} at ${clockText(first.atMs)}: ${first.message}`]),
    ...(file.verdict === result.verdict ? [] : [`  it was recorded as ${file.verdict}`]),
    `  ${comparisonText({ file, result, comparison, versions }, colors)}`,
  ]
  return `${lines.join('\n')}\n`
}

function comparisonText({ file, result, comparison, versions }: Replay, colors: Colors): string {
  const [recorded, now] = [file.traceHash.slice(0, 8), result.traceHash.slice(0, 8)]
  const [recordedCode, code] = [file.versions.codeDigest.slice(0, 8), versions.codeDigest.slice(0, 8)]
  const texts: Readonly<Record<HashComparison, string>> = {
    same: `same code, same trace hash ${now}`,
    differs: colors.red(`same code, but another trace hash: recorded ${recorded}, now ${now}`),
    'other-code': `the hash cannot be compared: recorded under other code (${recordedCode}, now ${code})`,
    'no-hash': 'the hash cannot be compared: one of the runs ended in an error',
  }
  return texts[comparison]
}
