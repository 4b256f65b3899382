/** What the processes of one virtual dyno have in common. */

import type { Config } from '../../src/config.ts'
import type { DynoContext } from '../dyno/dyno-program.ts'
import type { Target } from '../targets/target.ts'
import type { WorldParts } from './process-ports.ts'

export interface DynoParts {
  readonly seedText: string
  readonly world: WorldParts
  readonly target: Target
  readonly config: Config
  readonly context: DynoContext
  /** A call from beyond the grave, or an uncaught error: fails the run. */
  onMisdeed(processId: string, message: string): void
}
