/** The logger of whoever has nothing to tell: a tool that speaks for itself, a fixture of the lab. */

import type { Logger } from './logger.ts'

export const SILENT_LOGGER: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): void {
  // What it does shows by other means.
}
