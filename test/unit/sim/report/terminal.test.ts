import { describe, expect, it } from 'vitest'
import { createTerminal } from '../../../../sim/report/terminal.ts'

function terminal(isTTY: boolean, variables: Record<string, string>) {
  const stream = { isTTY, write: () => true }
  return createTerminal(stream, stream, variables)
}

describe('createTerminal', () => {
  it.each([
    ['a terminal', true, {}, true, true],
    ['a pipe', false, {}, false, false],
    ['a terminal with NO_COLOR', true, { NO_COLOR: '1' }, false, true],
    ['a pipe with FORCE_COLOR', false, { FORCE_COLOR: '1' }, true, false],
    ['NO_COLOR against FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false, true],
    ['a terminal in CI', true, { CI: 'true' }, true, false],
    ['a dumb terminal', true, { TERM: 'dumb' }, false, false],
  ])('%s', (_title, isTTY, variables, isColored, isLive) => {
    const made = terminal(isTTY, variables)
    expect(made.colors.red('x') !== 'x').toBe(isColored)
    expect(made.isLive).toBe(isLive)
  })
})
