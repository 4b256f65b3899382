import { describe, expect, it } from 'vitest'
import type { CommandHandler } from '../../../src/plugins/plugin.ts'
import { createRegistry } from '../../../src/plugins/builtin/essential-commands.ts'
import { CommandRegistry } from '../../../src/plugins/registry.ts'

const handler = (name: string): CommandHandler => ({
  name,
  summary: `does ${name}`,
  effect: 'repeatable',
  isHeavy: false,
  run: () => undefined,
})

const REQUEST = { args: '', chat: 'chat', participant: '', sentAtMs: 0 }

describe('CommandRegistry', () => {
  const registry = new CommandRegistry([handler('ping'), handler('sticker')])

  it.each([
    ['.ping', 'ping', ''],
    ['.Ping', 'ping', ''],
    ['.ping  a b ', 'ping', 'a b'],
    ['.sticker\nsecond line', 'sticker', 'second line'],
  ])('finds the handler of %j', (text, name, args) => {
    const match = registry.find(text)
    expect(match?.handler.name).toBe(name)
    expect(match?.args).toBe(args)
  })

  it.each(['', '.', 'ping', ' .ping', '. ping', '.pingx', '.pin', '..ping', `.${'x'.repeat(60_000)}`])(
    'wants nothing of %j',
    (text) => {
      expect(registry.find(text)).toBeUndefined()
    },
  )

  it('refuses two handlers of one name', () => {
    expect(() => new CommandRegistry([handler('ping'), handler('ping')])).toThrow(/taken twice/)
  })

  it.each(['', 'two words', 'Ping'])('refuses the name %j, which nobody could type', (name) => {
    expect(() => new CommandRegistry([handler(name)])).toThrow(/no word in lower case/)
  })
})

describe('the essential commands', () => {
  const registry = createRegistry([handler('extra')])

  it('answers .ping with pong', () => {
    expect(registry.find('.ping')?.handler.run(REQUEST)).toBe('pong')
  })

  it('lists every command under .help, the later ones too', () => {
    expect(registry.find('.help')?.handler.run(REQUEST)).toBe(
      '.ping: answers pong\n.help: lists the commands\n.extra: does extra',
    )
  })
})
