import { delimiter, dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandOf, findCommand } from '../../../../sim/dyno/real/web-command.ts'
import { ourBot, ourBotInImage } from '../../../../sim/targets/real/our-bot.ts'

describe('our bot as a target', () => {
  it('is what the Procfile starts, in the folder where that can be found', () => {
    const { command, appFolder, botProcess } = ourBot()
    const parsed = commandOf(command)
    if (parsed === undefined) throw new Error('no command')
    expect(parsed.text).toContain('dist/main.js')
    expect(findCommand(parsed, appFolder, process.env['PATH'] ?? '')).toBe('found')
    expect(botProcess).toBe('bot-main')
  })

  it('is told where its database, its WhatsApp and its session are', () => {
    const places = {
      databaseUrl: 'postgres://lab@127.0.0.1:5/lab',
      whatsappUrl: 'ws://127.0.0.1:6/ws/chat',
      adminUrl: 'http://127.0.0.1:6/admin',
      account: '15550000001',
      sessionId: 's-1',
      stateFolder: '/nowhere',
      nodeOptions: '',
    }
    expect(ourBot().environment(places)).toEqual({
      DATABASE_URL: places.databaseUrl,
      WHATSAPP_URL: places.whatsappUrl,
      SESSION_ID: 's-1',
      PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
    })
    // An image has its own programs.
    expect(ourBotInImage('some:1').environment(places)).not.toHaveProperty('PATH')
  })
})
