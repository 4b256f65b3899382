/** What the boots of one app have in common, and how they report. */

import type { PrngStreams } from '../../world/prng.ts'
import type { DynoEventBody } from './dyno-event.ts'
import type { DynoKind } from './housing/dyno-kind.ts'
import type { LogSource } from './log-line.ts'
import type { MemoryModel } from './memory-watch.ts'
import type { RealRules } from './real-rules.ts'
import type { WebCommand } from './web-command.ts'

export interface DynoSite {
  readonly rules: RealRules
  readonly command: WebCommand
  readonly dyno: DynoKind
  /** The app's folder; a container has its image instead. */
  readonly appFolder: string
  /** `linked`: node_modules by hard links; `full`: all files copied; `none`: runs in the app's own folder. */
  readonly copy: 'linked' | 'full' | 'none'
  /** Where boots have their folders. */
  readonly workFolder: string
  readonly configVars: Readonly<Record<string, string>>
  readonly memoryModel: MemoryModel
  readonly hasRuntimeMetrics: boolean
  readonly streams: PrngStreams
  /** Environment variable by which processes are known, and the simulator's own part of its value. */
  readonly mark: readonly [string, string]
  /** `boot`: of the dyno whose app printed it. */
  log(source: LogSource, text: string, boot?: number): void
  emit(event: DynoEventBody): void
}
