/** `npm run fake-whatsapp` as a process: what it prints, how it links a bot, how it ends, and what it leaves behind. */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { trustCertificate } from '../../sim/whatsapp/fake-whatsapp.ts'
import { connectClient, memoryAuth, textOf } from '../support/baileys-client.ts'
import type { MemoryAuth, TestClient } from '../support/baileys-client.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'sim', 'whatsapp', 'main.ts')
const script = {
  contacts: [{ name: 'Ada' }, { name: 'Ben' }],
  groups: [{ subject: 'Team', members: ['Ada', 'Ben'] }],
  steps: [
    { contact: 'Ada', says: '.ping', expects: 'pong' },
    { contact: 'Ben', group: 'Team', says: '.ping', expects: 'pong' },
  ],
}

let folder: string
const running: Command[] = []
const clients: TestClient[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-'))
  writeFileSync(join(folder, 'talk.json'), JSON.stringify(script))
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end()
  for (const command of running.splice(0)) {
    command.kill('SIGINT')
    await command.ended()
  }
  rmSync(folder, { recursive: true })
})

describe('a bot that shows a QR', () => {
  it('is linked by the text on standard input, and contacts talk to it by a script', async () => {
    const command = start('--script talk.json --exit --contacts 2')
    const url = await command.shown(/(ws:\S+)/)
    const auth = memoryAuth()
    const first = botAt(url, auth)
    command.write(`some log line\n{"qr":"${await first.qr()}"}\n`)
    await first.closed()
    botAt(url, auth)
    expect(await command.ended()).toBe(0)
    expect(command.output).toMatch(/linked the bot\n.*is online\nok +1 .*\nok +2 .*\n.*2 steps, as expected/)
  })
})

describe('a bot that finds itself linked', () => {
  it('is reached by wss:// too, trusting the certificate that the command names', async () => {
    const command = start('--tls --auth-folder auth')
    const url = await command.shown(/(wss:\S+)/)
    const certificateFile = await command.shown(/NODE_EXTRA_CA_CERTS=(\S+)/)
    trustCertificate(readFileSync(certificateFile, 'utf8'))
    const creds = JSON.parse(
      readFileSync(join(folder, 'auth', 'creds.json'), 'utf8'),
      reviver,
    ) as MemoryAuth['creds']
    await botAt(url, memoryAuth(creds)).opened()
    expect(await command.shown(/(is online)/)).toBe('is online')
  })

  it('fails the command when it does not answer as the script expects', async () => {
    const steps = [{ contact: 'Ada', says: 'nothing', expects: 'pong', withinMs: 200 }]
    writeFileSync(join(folder, 'talk.json'), JSON.stringify({ ...script, steps }))
    const command = start('--auth-folder auth --script talk.json --exit')
    const url = await command.shown(/(ws:\S+)/)
    await command.shown(/(Linked already)/)
    const creds = JSON.parse(
      readFileSync(join(folder, 'auth', 'creds.json'), 'utf8'),
      reviver,
    ) as MemoryAuth['creds']
    botAt(url, memoryAuth(creds))
    expect(await command.ended()).toBe(1)
    expect(command.output).toContain('1 of 1 steps not as expected')
  })
})

describe('Ctrl-C', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it with %i, also twice, and leaves nothing', async (signal, exitCode) => {
    const command = start('--contacts 1')
    const certificateFile = await command.shown(/NODE_EXTRA_CA_CERTS=(\S+)/)
    const admin = await command.shown(/(http:\S+)/)
    command.kill(signal)
    command.kill(signal)
    expect(await command.ended()).toBe(exitCode)
    expect(existsSync(dirname(certificateFile))).toBe(false)
    await expect(fetch(admin)).rejects.toThrow('fetch failed')
    expect(command.errors).toBe('')
  })
})

describe('bad input', () => {
  it.each([
    ['--port many', 2, /"many" is not a whole number/],
    ['--script none.json', 2, /cannot be loaded/],
    ['--script wrong.json', 2, /steps\[0\].contact: no contact is named "Eve"/],
    ['--script twice.json', 2, /phone number 15552200001 is taken/],
    ['--auth-folder taken', 2, /a session lies there already/],
  ])('%s: one clear message, its exit code, nothing left', async (words, exitCode, what) => {
    writeFileSync(
      join(folder, 'wrong.json'),
      JSON.stringify({ ...script, steps: [{ contact: 'Eve', says: 'hi' }] }),
    )
    const contacts = [{ name: 'Ada' }, { name: 'Ben', phone: '15552200001' }]
    writeFileSync(join(folder, 'twice.json'), JSON.stringify({ ...script, contacts }))
    writeFileSync(join(folder, 'creds.json'), 'precious')
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('fake-whatsapp-'))
    const command = start(words.replace('taken', '.'))
    expect(await command.ended()).toBe(exitCode)
    expect(command.errors).toMatch(what)
    expect(command.errors).toMatch(/^error: .*\n[\s\S]* {2}where: .*\n {2}mend: .*\n$/)
    expect(readFileSync(join(folder, 'creds.json'), 'utf8')).toBe('precious')
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('fake-whatsapp-'))).toEqual(before)
  })

  it('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const command = start(`--port ${(other.address() as AddressInfo).port}`)
    expect(await command.ended()).toBe(5)
    expect(command.errors).toMatch(/port \d+ is taken/)
    other.close()
  })

  it('help is none', async () => {
    const command = start('--help')
    expect(await command.ended()).toBe(0)
    expect(command.output).toContain('Exit codes')
  })
})

/** Answers `.ping`. */
function botAt(url: string, auth: MemoryAuth): TestClient {
  const client = connectClient(url, auth)
  clients.push(client)
  client.socket.ev.on('messages.upsert', ({ messages }) => {
    for (const message of messages) {
      const chat = message.key.remoteJid ?? ''
      if (textOf(message) === '.ping') void client.socket.sendMessage(chat, { text: 'pong' })
    }
  })
  return client
}

function start(words: string): Command {
  const command = new Command(words.split(' '), folder)
  running.push(command)
  return command
}

function reviver(_: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: string; data?: string }
  return type === 'Buffer' ? Buffer.from(data ?? '', 'base64') : value
}

class Command {
  output = ''
  errors = ''
  readonly #process: ChildProcess
  readonly #end: Promise<number | null>

  constructor(words: readonly string[], cwd: string) {
    this.#process = spawn(process.execPath, [MAIN, ...words], { cwd, stdio: 'pipe' })
    this.#process.stdout?.on('data', (text: Buffer) => (this.output += text.toString()))
    this.#process.stderr?.on('data', (text: Buffer) => (this.errors += text.toString()))
    this.#end = once(this.#process, 'close').then(([exitCode]) => exitCode as number | null)
  }

  /** Resolves with the pattern's group, once it has been printed. */
  async shown(pattern: RegExp): Promise<string> {
    await vi.waitUntil(() => pattern.test(this.output), { timeout: 15_000 })
    return pattern.exec(this.output)?.[1] ?? ''
  }

  write(text: string): void {
    this.#process.stdin?.write(text)
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  ended(): Promise<number | null> {
    return this.#end
  }
}
