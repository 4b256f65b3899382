/** Where an error happened, without its message: libraries put messages and keys into those. */

/** Frames of our code and the libraries'. */
const MAX_FRAMES = 8

export function framesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return []
  const lines = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return lines.slice(0, MAX_FRAMES).map((line) => line.trim())
}
