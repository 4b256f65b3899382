/** Times and rates as people read them. */

const HOUR_MS = 3_600_000

/** A moment of virtual time, e.g. `02:13:07.250`, with days in front from the second day on. */
export function clockText(ms: number): string {
  const days = Math.floor(ms / (24 * HOUR_MS))
  const time = `${pad((ms / HOUR_MS) % 24, 2)}:${pad((ms / 60_000) % 60, 2)}:${pad((ms / 1_000) % 60, 2)}`
  return `${days > 0 ? `${days} d ` : ''}${time}.${pad(ms % 1_000, 3)}`
}

function pad(value: number, width: number): string {
  return String(Math.floor(value)).padStart(width, '0')
}

/** How long a run lasts in its own time, e.g. `2.0 h`; in seconds where it is short, as at the real level. */
export function hoursText(ms: number): string {
  if (ms > 0 && ms < HOUR_MS / 10) return `${Math.round(ms / 1_000)} s`
  return `${(ms / HOUR_MS).toFixed(1)} h`
}

/** How many times faster than real time, e.g. `12,300×`. */
export function speedText(virtualMs: number, wallMs: number): string {
  if (wallMs <= 0) return '–'
  return `${groupedText(virtualMs / wallMs)}×`
}

/** A whole number with separators, two digits when it is small. */
export function groupedText(value: number): string {
  if (value !== 0 && Math.abs(value) < 10) return value.toFixed(2)
  return Math.round(value).toLocaleString('en-US')
}

/** Real time taken, e.g. `840 ms`, `12.4 s` or `3 min 05 s`. */
export function wallText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}
