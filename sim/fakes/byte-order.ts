/**
 * Compares strings as Postgres does under COLLATE "C": by their UTF-8 bytes, which is by code point.
 * JavaScript's own `<` compares UTF-16 units and puts U+FF5E after U+1F600.
 */

export function compareByteOrder(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const unitA = a.charCodeAt(index)
    const unitB = b.charCodeAt(index)
    if (unitA !== unitB) return rank(unitA) - rank(unitB)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above every single unit, so they rank after U+E000 to U+FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
