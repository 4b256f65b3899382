/** The bot's Signal repository and somebody's real Signal device, while both have begun a session with the other. */

import { Curve, initAuthCreds } from '@whiskeysockets/baileys'
import type { SignalDataSet, SignalDataTypeMap, SignalKeyStore } from '@whiskeysockets/baileys'
import { expect, it } from 'vitest'
import { BoundedCache } from '../../../src/adapters/baileys-caches.ts'
import { createBaileysLogger } from '../../../src/adapters/baileys-logger.ts'
import { createSignalRepository } from '../../../src/adapters/baileys-signal-repository.ts'
import { SignalEndpoint } from '../../../sim/whatsapp/signal/endpoint.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'

const ANNA = '100000000000001@lid'
const BOT = '200000000000001.0'
const ONE_TIME_KEY = { id: 7, pair: Curve.generateKeyPair() }

/** Keys as the store gives them: texts in between, so that nothing is shared. */
function keysInMemory(): SignalKeyStore {
  const rows = new Map<string, string>()
  return {
    get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) =>
      Object.fromEntries<SignalDataTypeMap[T]>(
        ids.flatMap((id) => {
          const text = rows.get(`${type}/${id}`)
          return text === undefined ? [] : [[id, JSON.parse(text, reviver)]]
        }),
      ),
    set: async (changes: SignalDataSet) => {
      for (const [type, values] of Object.entries(changes))
        for (const [id, value] of Object.entries(values))
          if (value === null) rows.delete(`${type}/${id}`)
          else rows.set(`${type}/${id}`, JSON.stringify(value, replacer))
    },
  }
}

function replacer(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : value
}

function reviver(_name: string, value: unknown): unknown {
  const bytes = typeof value === 'object' && value !== null ? Reflect.get(value, 'bytes') : undefined
  return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : value
}

/** As Baileys has it from the server. */
function asRead({ id, value }: { id: number; value: Buffer }): { keyId: number; publicKey: Buffer } {
  return { keyId: id, publicKey: Buffer.concat([Buffer.from([5]), value]) }
}

async function twoWhoKnowEachOther() {
  const creds = initAuthCreds()
  const keys = keysInMemory()
  await keys.set({ 'pre-key': { [ONE_TIME_KEY.id]: ONE_TIME_KEY.pair } })
  const bot = createSignalRepository({
    creds,
    keys,
    logger: createBaileysLogger(new RecordingLogger()),
    lidsOf: undefined,
    lidMappings: new BoundedCache(new ManualClock(), { maxWeight: 10, ttlMs: 1_000 }),
    intake: { decrypted: async () => undefined, whileAsking: (ask) => ask() },
    onEncrypted: () => undefined,
  })
  const anna = new SignalEndpoint()
  await anna.startSession(BOT, {
    registrationId: creds.registrationId,
    identity: Buffer.from(creds.signedIdentityKey.public),
    signedPreKey: {
      id: creds.signedPreKey.keyId,
      value: Buffer.from(creds.signedPreKey.keyPair.public),
      signature: Buffer.from(creds.signedPreKey.signature),
    },
    preKey: { id: ONE_TIME_KEY.id, value: Buffer.from(ONE_TIME_KEY.pair.public) },
  })
  const fromAnna = async (text: string) => {
    const { type, content } = await anna.seal(BOT, Buffer.from(text))
    return async () =>
      Buffer.from(await bot.decryptMessage({ jid: ANNA, type, ciphertext: content })).toString()
  }
  const toAnna = async (text: string) => {
    const { type, ciphertext } = await bot.encryptMessage({ jid: ANNA, data: Buffer.from(text) })
    return async () => (await anna.unseal(BOT, { type, content: Buffer.from(ciphertext) })).toString()
  }
  expect(await (await fromAnna('hello'))()).toBe('hello')
  expect(await (await toAnna('hello Anna'))()).toBe('hello Anna')
  return { bot, anna, fromAnna, toAnna }
}

it('a session begun meanwhile survives the messages of the one before, which it cannot open', async () => {
  const { bot, anna, fromAnna, toAnna } = await twoWhoKnowEachOther()
  const onTheirWay = [await fromAnna('first'), await fromAnna('second')]
  const bundle = anna.takeBundle()
  await bot.injectE2ESession({
    jid: ANNA,
    session: {
      registrationId: bundle.registrationId,
      identityKey: Buffer.concat([Buffer.from([5]), bundle.identity]),
      signedPreKey: { ...asRead(bundle.signedPreKey), signature: bundle.signedPreKey.signature },
      ...(bundle.preKey === undefined ? {} : { preKey: asRead(bundle.preKey) }),
    },
  })
  const opened = [await toAnna('of the new session')]
  for (const open of onTheirWay) expect(['first', 'second']).toContain(await open())
  opened.push(await toAnna('still of the new session'))
  expect(await opened[0]?.()).toBe('of the new session')
  expect(await opened[1]?.()).toBe('still of the new session')
  expect(await (await fromAnna('understood'))()).toBe('understood')
  expect(await (await toAnna('fine'))()).toBe('fine')
})
