/**
 * Baileys' auth state in one table, as bots of this kind write it: one upsert a value, no transaction, no owner, no
 * encryption. `keeps` is the difference between two of the controls: with `creds` the Signal keys are in memory only.
 */

import { BufferJSON, initAuthCreds } from '@whiskeysockets/baileys'
import type {
  AuthenticationCreds,
  AuthenticationState,
  SignalDataSet,
  SignalDataTypeMap,
} from '@whiskeysockets/baileys'
import { Pool } from 'pg'

export interface DatabaseAuth {
  readonly state: AuthenticationState
  saveCreds(): Promise<void>
}

const TABLE = 'CREATE TABLE IF NOT EXISTS control_auth (name text PRIMARY KEY, value text NOT NULL)'
const READ = 'SELECT value FROM control_auth WHERE name = $1'
const WRITE = 'INSERT INTO control_auth VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2'
const REMOVE = 'DELETE FROM control_auth WHERE name = $1'

export async function databaseAuth(url: string, keeps: 'creds' | 'creds-and-keys'): Promise<DatabaseAuth> {
  const pool = new Pool({ connectionString: url, max: 4 })
  // A lost connection of the pool is no reason to die; the next statement tells.
  pool.on('error', () => undefined)
  await pool.query(TABLE)
  const store = keeps === 'creds' ? memoryStore() : tableStore(pool)
  const saved = await tableStore(pool).read('creds')
  const creds = (saved as AuthenticationCreds | undefined) ?? initAuthCreds()
  return {
    state: {
      creds,
      keys: { get: (type, ids) => readKeys(store, type, ids), set: (data) => writeKeys(store, data) },
    },
    saveCreds: () => tableStore(pool).write('creds', creds),
  }
}

interface ValueStore {
  read(name: string): Promise<unknown>
  /** null and undefined remove. */
  write(name: string, value: unknown): Promise<void>
}

function tableStore(pool: Pool): ValueStore {
  return {
    read: async (name) => {
      const { rows } = await pool.query<{ value: string }>(READ, [name])
      return rows[0] === undefined ? undefined : JSON.parse(rows[0].value, BufferJSON.reviver)
    },
    write: async (name, value) => {
      if (value === null || value === undefined) await pool.query(REMOVE, [name])
      else await pool.query(WRITE, [name, JSON.stringify(value, BufferJSON.replacer)])
    },
  }
}

function memoryStore(): ValueStore {
  const values = new Map<string, unknown>()
  return {
    read: (name) => Promise.resolve(values.get(name)),
    write: (name, value) => {
      if (value === null || value === undefined) values.delete(name)
      else values.set(name, value)
      return Promise.resolve()
    },
  }
}

async function readKeys<Type extends keyof SignalDataTypeMap>(
  store: ValueStore,
  type: Type,
  ids: string[],
): Promise<Record<string, SignalDataTypeMap[Type]>> {
  const found = await Promise.all(ids.map(async (id) => [id, await store.read(`${type}-${id}`)] as const))
  return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as never
}

async function writeKeys(store: ValueStore, data: SignalDataSet): Promise<void> {
  for (const [type, byId] of Object.entries(data)) {
    for (const [id, value] of Object.entries(byId)) await store.write(`${type}-${id}`, value)
  }
}
