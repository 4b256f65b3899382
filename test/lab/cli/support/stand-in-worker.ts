/** A worker whose runs do what the last part of the scenario's id says, so that the commands can be tested. */

import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { serveRuns } from '../../../../sim/cli/serve-runs.ts'
import type { Violation } from '../../../../sim/checkers/claim.ts'
import { InfrastructureError } from '../../../../sim/infrastructure-error.ts'
import type { RunRequest, RunResult, Verdict } from '../../../../sim/world/run-result.ts'
import { aRun } from '../../../unit/sim/assertions/runs.ts'

const VIOLATION: Violation = { claim: 'single-socket', atMs: 61_250, message: 'two connections at once' }

function resultOf(request: RunRequest, postgres: string | undefined, keepLines: number): RunResult {
  const { scenario, level, target, seed } = request
  const behaviour = scenario.id.slice(scenario.id.indexOf('/') + 1)
  const verdicts: Readonly<Record<string, Verdict>> = {
    broken: 'broken',
    'broken-at-real': level === 'real' ? 'broken' : 'holds',
    vacuous: 'vacuous',
    lossy: 'error',
  }
  const verdict = target === 'before' ? 'broken' : (verdicts[behaviour] ?? 'holds')
  const lines = ['0 dyno boot {}', `1 whatsapp open {"seed":${seed}}`, `2 bot reply {"n":1}`]
  // As where a run records its dynos' memory.
  if (request.memoryEveryMs !== undefined && behaviour !== 'unread')
    lines.push('3 dyno dyno.reading {"dynoId":"web.1#1","usedBytes":104857600}')
  if (behaviour === 'random') lines[1] = `1 whatsapp open {"chance":${Math.random()}}`
  return {
    scenario: scenario.id,
    family: scenario.family,
    level,
    target,
    seed,
    verdict,
    traceHash: verdict === 'error' ? '' : createHash('sha256').update(lines.join('\n')).digest('hex'),
    traceEvents: lines.length,
    violations: verdict === 'holds' ? [] : [VIOLATION],
    virtualMs: scenario.durationMs,
    wallMs: 2,
    postgres,
    lines: keepLines === 0 ? [] : lines.slice(-keepLines),
    ...(level === 'real' && verdict !== 'error'
      ? { measurements: aRun({ scenario: scenario.id, target, level, seed }) }
      : {}),
  }
}

serveRuns({
  openDatabase: (url) =>
    url.includes('refused')
      ? Promise.reject(new InfrastructureError('the database refused', 'start it'))
      : Promise.resolve({ describe: `stand-in at ${url}`, close: () => Promise.resolve() }),
  run: async (request, environment) => {
    const { database, keepLines } = environment
    environment.onProgress?.(request.scenario.durationMs / 2)
    if (request.scenario.id.endsWith('/dies')) {
      process.stderr.write('Error: out of luck\n')
      process.exit(7)
    }
    if (request.scenario.id.endsWith('/endless')) {
      writeFileSync(process.env['STAND_IN_PID_FILE'] ?? '', String(process.pid))
      await new Promise(() => undefined)
    }
    // Promise after promise: the program's own event loop never turns again.
    if (request.scenario.id.endsWith('/spins')) for (;;) await Promise.resolve()
    return resultOf(request, database?.describe, keepLines)
  },
})
