/** `list`: what there is to run, and what a pass of each proves. */

import { listJson, listText } from '../report/list-report.ts'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import type { LabEnvironment } from './lab-environment.ts'

export function listCommand(
  { engine, terminal }: LabEnvironment,
  options: { readonly isJson: boolean },
): ExitCode {
  terminal.write(options.isJson ? listJson(engine.scenarios) : listText(engine.scenarios, terminal.colors))
  return EXIT.holds
}
