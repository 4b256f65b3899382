import { describe, expect, it } from 'vitest'
import { BOT_IMAGE } from '../../../../sim/targets/real/our-bot.ts'
import { REAL_TARGETS, realTargetFrom } from '../../../../sim/targets/real/real-targets.ts'

const OPTIONS = { folder: import.meta.dirname, path: process.env['PATH'] ?? '' }

describe('what --target says', () => {
  it.each(REAL_TARGETS)('is a name: %s', (name) => {
    expect(realTargetFrom(name, OPTIONS).name).toBe(name)
  })

  it('is a command', () => {
    expect(realTargetFrom('node my-bot.js', OPTIONS)).toMatchObject({ name: 'command', image: undefined })
  })

  it('is a command in an image', () => {
    const image = 'my-bot:1'
    expect(realTargetFrom('node bot.js', { ...OPTIONS, image }).command).toEqual(['node', 'bot.js'])
    expect(() => realTargetFrom('', { ...OPTIONS, image })).toThrow('the command of the target is empty')
  })

  it('is our own bot in its image', () => {
    const { name, image, command } = realTargetFrom('bot', { ...OPTIONS, image: BOT_IMAGE })
    expect({ name, image }).toEqual({ name: 'bot', image: BOT_IMAGE })
    expect(command).toEqual(['node', expect.any(String), expect.any(String), 'dist/main.js'])
  })

  it('is neither, and then both are named', () => {
    expect(() => realTargetFrom('befor', OPTIONS)).toThrow('there is no program befor')
    expect(() => realTargetFrom('before', { ...OPTIONS, envFile: 'x.env' })).toThrow(
      /takes neither variables/,
    )
  })
})
