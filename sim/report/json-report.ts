/** The machine-readable report of `run --json FILE`. Fields are added, never renamed. */

import type { Judgement } from '../assertions/judge.ts'
import { assertionsJson } from './assertion-report.ts'
import type { RunResult } from '../world/run-result.ts'

export function jsonReport(results: readonly RunResult[], judgements: readonly Judgement[]): string {
  const runs = results.map((result) => ({
    scenario: result.scenario,
    family: result.family,
    level: result.level,
    target: result.target,
    seed: result.seed,
    verdict: result.verdict,
    traceHash: result.traceHash,
    violations: result.violations.map(({ claim, atMs, message }) => ({ claim, atMs, message })),
    virtualMs: result.virtualMs,
    wallMs: Math.round(result.wallMs),
    postgres: result.postgres ?? null,
    ...(result.notes === undefined ? {} : { notes: result.notes }),
  }))
  const bounds = judgements.length === 0 ? {} : { assertions: assertionsJson(judgements) }
  return `${JSON.stringify({ runs, ...bounds }, undefined, 2)}\n`
}
