/**
 * `replay`: runs a run file's request again and judges it. Under the same code its hash must be the same;
 * under other code the hash says nothing, and only the claims speak.
 */

import { resolve } from 'node:path'
import { divergenceText } from '../report/divergence-report.ts'
import { Progress } from '../report/progress.ts'
import { replayHeadingText, replayVerdictText } from '../report/replay-report.ts'
import type { RunResult } from '../world/run-result.ts'
import { compareEnds } from './divergence.ts'
import { EXIT, exitCodeOf } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import type { LabEnvironment, PostgresKind } from './lab-environment.ts'
import { KEPT_LINES, readRunFile } from './run-file.ts'
import type { RunFile } from './run-file.ts'
import { prepareReal } from './prepare-real.ts'
import { readVersions } from './versions.ts'
import type { Versions } from './versions.ts'
import { openWorkshop } from './workshop.ts'

/** What the hashes of a run file and its replay say. */
export type HashComparison = 'same' | 'differs' | 'other-code' | 'no-hash'

/** @throws LabProblem, InfrastructureError, Interrupted */
export async function replayCommand(
  environment: LabEnvironment,
  path: string,
  options: { readonly postgres: PostgresKind },
): Promise<ExitCode> {
  const { terminal } = environment
  const file = readRunFile(resolve(environment.directory, path))
  const versions = readVersions()
  const result = await rerun(environment, file, options.postgres)
  const comparison = compareHashes(file, result, versions)
  terminal.write(replayVerdictText({ file, result, comparison, versions }, terminal.colors))
  if (comparison === 'differs') {
    const divergence = compareEnds(file, result)
    terminal.write(
      divergence === undefined
        ? '  they part before the lines that the run file kept\n'
        : divergenceText(divergence, terminal.colors),
    )
  }
  return exitCodeOf([result], comparison !== 'differs', EXIT.holds)
}

async function rerun(environment: LabEnvironment, file: RunFile, postgres: PostgresKind): Promise<RunResult> {
  const { terminal, lifetime } = environment
  const { scenario, level, seed, target, targetOptions } = file
  const request = { scenario, level, seed, target, ...(targetOptions && { targetOptions }) }
  const needsDatabase = level !== 'model'
  const isReal = level === 'real'
  if (isReal) await prepareReal(environment, target, targetOptions?.image)
  const workshop = await openWorkshop(environment, { postgres, needsDatabase, isReal, workers: 1 })
  terminal.write(replayHeadingText(file, workshop.postgres))
  const progress = new Progress(terminal, [request])
  try {
    const job = { request, keepLines: KEPT_LINES, sendsLinesAlways: true }
    const [result] = await lifetime.unlessInterrupted(workshop.pool.run([job], progress))
    if (result === undefined) throw new Error('the worker pool answered without a result')
    return result
  } finally {
    progress.stop()
  }
}

export function compareHashes(file: RunFile, result: RunResult, versions: Versions): HashComparison {
  if (file.versions.codeDigest !== versions.codeDigest) return 'other-code'
  if (file.traceHash === '' || result.traceHash === '') return 'no-hash'
  return file.traceHash === result.traceHash ? 'same' : 'differs'
}
