/** Everything that a busy bot process writes: no key material, no message, no address. */

import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { botFixture } from '../support/bot-fixture.ts'

/** The first bytes of a secret in each form in which somebody could print it. */
function formsOf(secret: Buffer): string[] {
  const hex = secret.subarray(0, 12).toString('hex')
  const spaced = (hex.match(/../g) ?? []).join(' ')
  const numbers = [...secret.subarray(0, 8)]
  return [secret.toString('base64').slice(0, 16), hex, spaced, numbers.join(','), numbers.join(', ')]
}

/** Every byte string of 16 bytes or more in a stored value. */
function secretsIn(value: unknown): Buffer[] {
  if (typeof value === 'string') {
    return /^[A-Za-z0-9+/]{22,}={0,2}$/.test(value) ? [Buffer.from(value, 'base64')] : []
  }
  if (Array.isArray(value)) return value.flatMap(secretsIn)
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(secretsIn)
  return []
}

/** The forms of secrets that stand in the text. */
function leaksIn(text: string, secrets: readonly Buffer[]): string[] {
  return secrets.flatMap(formsOf).filter((form) => text.includes(form))
}

async function storedSecrets(databaseUrl: string, sessionId: string): Promise<Buffer[]> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ value: Buffer }>(
      `SELECT value FROM blacksky_creds WHERE session_id = $1
       UNION ALL SELECT value FROM blacksky_keys WHERE session_id = $1`,
      [sessionId],
    )
    // Rows are plain here: a version byte, then JSON.
    return rows.flatMap(({ value }) => secretsIn(JSON.parse(value.subarray(1).toString('utf8')) as unknown))
  } finally {
    await client.end()
  }
}

describe('the output of a busy bot process', () => {
  const start = botFixture()

  it('holds no key, no message and no address, with every line that it can log', async () => {
    const { whatsapp, boot, databaseUrl, sessionId } = await start()
    const account = whatsapp.addAccount()
    const people = Array.from({ length: 4 }, () => whatsapp.addContact({ name: 'Annabella' }))
    const group = whatsapp.addGroup({ subject: 'Clandestine', participants: [...people, account] })
    const bot = boot({ LOG_LEVEL: 'debug' })
    await account.scanQr(await bot.qr())
    await bot.open()
    for (const [index, person] of people.entries()) {
      await person.say('a secret between us', { to: account })
      await person.say(`.ping hush${index}`, { to: account })
      await person.inbox.waitFor(`pong hush${index}`)
      // A session that is replaced is what libsignal prints, keys and all.
      person.simulatedDevice(0).mail.endpoint.forgetSessions()
      await person.say(`.ping anew${index}`, { to: account })
      await person.say(`.ping group${index}`, { to: group })
      await person.inbox.waitFor(`pong anew${index}`)
      await person.inbox.waitFor(`pong group${index}`)
    }
    await whatsapp.inject({ kind: 'corrupt-frame', how: 'bad-tag' })
    await bot.until('reconnecting', ({ status }) => status.connection.state !== 'open')
    await bot.open()
    const secrets = await storedSecrets(databaseUrl, sessionId)
    await bot.terminate()

    const { output } = bot
    expect(secrets.length).toBeGreaterThan(800)
    expect(output.split('\n').length).toBeGreaterThan(20)
    expect(leaksIn(output, secrets)).toEqual([])
    for (const word of ['secret', 'hush', 'anew', 'Annabella', 'Clandestine', account.pn, account.lid]) {
      expect(output).not.toContain(word)
    }
    for (const { pn, lid } of people) expect(output).not.toMatch(new RegExp(`${pn}|${lid}`))
  })

  it('would be seen to leak in whatever form a secret is printed', () => {
    const secret = Buffer.from('0123456789abcdef0123456789abcdef0123456789abcdef', 'hex')
    const texts = [
      secret.toString('base64'),
      secret.toString('hex'),
      [...secret].join(', '),
      String([...secret]),
    ]
    for (const text of texts) expect(leaksIn(`x ${text} y`, [secret])).not.toEqual([])
    expect(leaksIn(`x ${secret.toString('hex').replaceAll(/../g, '$& ')} y`, [secret])).not.toEqual([])
    expect(secretsIn({ a: [{ type: 'Buffer', data: secret.toString('base64') }] })).toEqual([secret])
  })
})
