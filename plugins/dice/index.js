/** `.dice 2d6`: throws dice. An example of a plugin; docs/plugins.md explains it. */

import { randomInt } from 'node:crypto'

const MAX_DICE = 20
const USAGE = 'Like this: .dice 2d6'

/** @param {{ args: string }} request */
export function run({ args }) {
  const match = /^(?:(\d{1,2})?d(\d{1,4}))?$/.exec(args.toLowerCase().replaceAll(' ', ''))
  const [count, sides] = [Number(match?.[1] ?? 1), Number(match?.[2] ?? 6)]
  if (match === null || count < 1 || count > MAX_DICE || sides < 2) return USAGE
  const thrown = Array.from({ length: count }, () => randomInt(1, sides + 1))
  const sum = thrown.reduce((total, each) => total + each, 0)
  return thrown.length === 1 ? String(sum) : `${thrown.join(' + ')} = ${sum}`
}
