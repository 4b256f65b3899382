/**
 * Finds variable names that are probably one of ours, mistyped: a setting that silently has no effect is
 * the worst kind. Names of other programs are near ours only by chance, so short names must be nearer.
 */

/** Names as long as this may differ in two letters, shorter ones (PORT) in one: POST is, HOST is not meant. */
const LONG_NAME = 8

/** Each name that is none of `known` but near one of them, with the nearest. */
export function findMistypedNames(
  names: readonly string[],
  known: readonly string[],
): { readonly name: string; readonly meant: string }[] {
  const found: { name: string; meant: string }[] = []
  for (const name of names) {
    if (known.includes(name)) continue
    const meant = nearest(name, known)
    if (meant !== undefined) found.push({ name, meant })
  }
  return found
}

function nearest(name: string, known: readonly string[]): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const candidate of known) {
    const limit = candidate.length >= LONG_NAME ? 2 : 1
    if (Math.abs(candidate.length - name.length) > limit) continue
    const distance = editDistance(name.toUpperCase(), candidate)
    if (distance <= limit && (best === undefined || distance < best.distance))
      best = { name: candidate, distance }
  }
  return best?.name
}

/** Levenshtein's: insertions, deletions and replacements of one letter. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let index = 0; index < a.length; index++) {
    const next = [index + 1]
    for (let column = 0; column < b.length; column++) {
      const replaced = (row[column] ?? 0) + (a[index] === b[column] ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
