import { describe, expect, it } from 'vitest'
import { parseServeOptions } from '../../../../../sim/whatsapp/cli/options.ts'

describe('the words of fake-whatsapp', () => {
  it('have harmless defaults', () => {
    expect(parse('')).toEqual({
      port: 0,
      contacts: 1,
      scriptFile: undefined,
      isScriptTheEnd: false,
      isTls: false,
      authFolder: undefined,
    })
  })

  it('leave the contacts to a script where there is one', () => {
    expect(parse('--script a.json')?.contacts).toBe(0)
    expect(parse('--script a.json --contacts 2')?.contacts).toBe(2)
  })

  it.each([
    ['--port abc', /"abc" is not a whole number from 0 to 65535/],
    ['--port 65536', /"65536" is not a whole number/],
    ['--port -1', /"-1" is not a whole number/],
    ['--contacts 1e9', /"1e9" is not a whole number/],
    ['--contacts', /argument missing/],
    ['--skript a.json', /unknown option '--skript'.*--script/],
    ['more words', /too many arguments/],
    ['--exit', /needs a --script/],
  ])('%s is refused', (words, what) => {
    expect(() => parse(words)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(what) as string,
        mend: expect.stringContaining('--help') as string,
        exitCode: 2,
      }) as Error,
    )
  })

  it('show help', () => {
    let shown = ''
    expect(parseServeOptions(['--help'], (text) => (shown += text))).toBeUndefined()
    expect(shown).toContain('--auth-folder')
    expect(shown).toContain('Exit codes')
  })
})

function parse(words: string) {
  return parseServeOptions(words.split(' ').filter(Boolean), () => undefined)
}
