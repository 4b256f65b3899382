/** The app's command: from the words after `--`, else from the Procfile or the image. */

import { LabProblem } from '../../../cli/lab-problem.ts'
import type { DynoKind } from '../housing/dyno-kind.ts'
import { CONTAINER_SHELL, commandOf, findCommand, procfileCommand } from '../web-command.ts'
import type { WebCommand } from '../web-command.ts'
import { SIM_EXIT } from './sim-exit-code.ts'

/** As a person calls the simulator. */
export const SIM_NAME = 'npm run heroku-sim --'

/**
 * Undefined: the one that the image names.
 * @throws LabProblem when there is none, or it is not to be found on this machine; in a container that is seen later
 */
export function commandFor(
  dyno: DynoKind,
  appFolder: string,
  words: readonly string[],
  path: string,
): WebCommand | undefined {
  if (dyno.kind === 'container') return commandOf(words, CONTAINER_SHELL)
  const command = commandOf(words) ?? procfileCommand(appFolder)
  if (command === undefined) {
    throw new LabProblem({
      what: 'no command was given, and the app has no Procfile with a `web` line',
      where: appFolder,
      mend: `give the command after two dashes: ${SIM_NAME} -- node server.js`,
      exitCode: SIM_EXIT.usage,
    })
  }
  const finding = findCommand(command, appFolder, path)
  if (finding === 'found') return command
  const isMissing = finding === 'missing'
  throw new LabProblem({
    what: isMissing ? `command not found: ${command.file}` : `${command.file} is not executable`,
    where: `${appFolder} and PATH`,
    mend: isMissing ? 'check the spelling, or install it in the app' : `run: chmod +x ${command.file}`,
    exitCode: isMissing ? SIM_EXIT.notFound : SIM_EXIT.notExecutable,
  })
}
