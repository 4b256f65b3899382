/** The machine-readable report of `run --json FILE`. Fields are added, never renamed. */

import type { RunResult } from '../world/run-result.ts'

export function jsonReport(results: readonly RunResult[]): string {
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
  return `${JSON.stringify({ runs }, undefined, 2)}\n`
}
