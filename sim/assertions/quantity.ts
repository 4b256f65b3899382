/**
 * Numbers with units, as a user writes them and as they are printed. Inside there is one unit a dimension: things,
 * bytes, bytes an hour, and ms. MB are 1,048,576 bytes, as Heroku counts them.
 */

export type Dimension = 'count' | 'bytes' | 'bytes-per-hour' | 'ms'

const KB = 1_024
const MB = KB * KB

/** Unit as written → how much of the inner unit it is. */
const UNITS: Readonly<Record<Dimension, Readonly<Record<string, number>>>> = {
  count: { '': 1 },
  bytes: { kB: KB, MB, GB: KB * MB },
  'bytes-per-hour': { 'kB/h': KB, 'MB/h': MB, 'MB/min': 60 * MB, 'MB/day': MB / 24 },
  ms: { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 },
}

/** As a list for people, e.g. `kB, MB, GB`; a count has none. */
export function unitsText(dimension: Dimension): string {
  const units = Object.keys(UNITS[dimension]).filter((unit) => unit !== '')
  return units.length === 0 ? 'no unit' : units.join(', ')
}

export interface WrittenNumber {
  readonly number: number
  /** As written; '' without one. */
  readonly unit: string
}

/** `1.5MB/h` or `1.5 MB/h`; undefined when it is no such thing. */
export function readNumber(text: string): WrittenNumber | undefined {
  const match = /^\s*(-?\d+(?:\.\d+)?)\s*([a-z/%]*)\s*$/i.exec(text)
  if (match === null) return undefined
  return { number: Number(match[1]), unit: match[2] ?? '' }
}

/** In the dimension's inner unit; undefined when the unit is none of it. Case does not matter. */
export function inDimension({ number, unit }: WrittenNumber, dimension: Dimension): number | undefined {
  const found = Object.entries(UNITS[dimension]).find(([name]) => name.toLowerCase() === unit.toLowerCase())
  return found === undefined ? undefined : number * found[1]
}

/** For people: three digits or whole, e.g. `437 MB`, `0.84 MB/h`, `1.2 s`. */
export function quantityText(value: number, dimension: Dimension): string {
  switch (dimension) {
    case 'count':
      return digits(value)
    case 'bytes':
      return `${digits(value / MB)} MB`
    case 'bytes-per-hour':
      return `${digits(value / MB)} MB/h`
    case 'ms':
      return Math.abs(value) < 1_000 ? `${digits(value)} ms` : `${digits(value / 1_000)} s`
    default:
      return dimension satisfies never
  }
}

function digits(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞'
  const magnitude = Math.abs(value)
  const places = Number.isInteger(value) || magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2
  return value.toFixed(places)
}
