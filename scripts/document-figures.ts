/**
 * Puts measured figures into a document: after `<!-- figure FILE PATH DIVISOR -->` stands the number found at PATH in
 * docs/results/FILE, divided and rounded: whole from 10 on, to one decimal below, to two digits below a tenth.
 */

const FIGURE = /<!-- figure (\S+) (\S+) (\d+) -->-?[\d.]+/g

/**
 * @param result gives the parsed content of a file in docs/results
 * @throws Error when a file has no such number
 */
export function withFigures(text: string, result: (file: string) => unknown): string {
  return text.replaceAll(FIGURE, (_whole, file: string, path: string, divisor: string) => {
    const value = valueAt(result(file), path.split('.'))
    if (typeof value !== 'number') throw new Error(`${file} has no number ${path}`)
    return `<!-- figure ${file} ${path} ${divisor} -->${rounded(value / Number(divisor))}`
  })
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined),
    value,
  )
}

function rounded(value: number): string {
  const size = Math.abs(value)
  if (size >= 10) return String(Math.round(value))
  return String(size >= 0.1 ? Math.round(value * 10) / 10 : Number(value.toPrecision(2)))
}
