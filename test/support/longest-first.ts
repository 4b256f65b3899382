/**
 * The order in which files start: the longest first, so that none is left over while other workers have nothing to do,
 * the short ones of the unit tests last. Surprising: the longest are named here, because a fresh checkout has no
 * durations of a run before; a name too few or too many costs seconds, nothing else. Those that compute stand among
 * those that wait, so that what computes beside a hanging bot leaves it a core.
 */

import { relative } from 'node:path'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'

const LONGEST = [
  'real/bot-on-dyno',
  'real/run-real',
  'process/supervisor-process',
  'lab/scenarios',
  'real/bot-on-postgres',
  'real/kill-sweep',
  'lab/checkers',
  'wire/bot-process-kill',
  'real/heroku-sim',
  'real/targets-foreign',
  'real/command-line',
  'real/balloon',
  'process/dyno-whatsapp',
  'process/session-tool',
  'real/targets-controls',
  'wire/fake-whatsapp-faults',
  'real/any-command',
  'process/plugins',
  'wire/fuzz-frames',
  'wire/adapter-ends',
  'lab/cli/process',
  'real/dyno-kinds',
]

export class LongestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((one, other) => this.#rank(one) - this.#rank(other)))
  }

  #rank({ moduleId, project }: TestSpecification): number {
    if (project.name === 'unit') return LONGEST.length + 1
    const name = relative(`${this.ctx.config.root}/test`, moduleId).replace('.test.ts', '')
    const place = LONGEST.indexOf(name)
    return place === -1 ? LONGEST.length : place
  }
}
