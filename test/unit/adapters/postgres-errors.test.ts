import { describe, expect, it } from 'vitest'
import { storeErrorCode, toStoreError } from '../../../src/adapters/postgres-errors.ts'
import type { StatementPhase } from '../../../src/adapters/postgres-errors.ts'
import type { ErrorCode } from '../../../src/errors.ts'

const CONNECTING: StatementPhase = { phase: 'connect', isWrite: true }
const WRITING: StatementPhase = { phase: 'statement', isWrite: true }
const READING: StatementPhase = { phase: 'statement', isWrite: false }

function fromServer(code: string): Error {
  return Object.assign(new Error('said the server'), { code, severity: 'FATAL' })
}

function fromNode(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code, errno: -1 })
}

describe('what the server says', () => {
  const table: [string, string, StatementPhase, ErrorCode][] = [
    ['too many connections', '53300', CONNECTING, 'store-busy'],
    ['too many connections for the role, while a statement runs', '53300', WRITING, 'store-busy'],
    ['administrator ended it', '57P01', WRITING, 'store-unavailable'],
    ['starting up', '57P03', CONNECTING, 'store-unavailable'],
    ['crashed, before the statement', '57P02', CONNECTING, 'store-unavailable'],
    ['crashed under the statement', '57P02', WRITING, 'store-outcome-unknown'],
    ['connection failure before the statement', '08006', CONNECTING, 'store-unavailable'],
    ['a pooler lost its server under the statement', '08P01', WRITING, 'store-outcome-unknown'],
    ['statement timeout', '57014', WRITING, 'store-unavailable'],
    ['serialization failure', '40001', WRITING, 'store-unavailable'],
    ['deadlock', '40P01', WRITING, 'store-unavailable'],
    ['disk full', '53100', WRITING, 'store-unavailable'],
    ['I/O error', '58030', WRITING, 'store-unavailable'],
    ['read-only transaction', '25006', WRITING, 'store-read-only'],
    ['INSERT revoked on a full plan', '42501', WRITING, 'store-read-only'],
    ['SELECT not granted', '42501', READING, 'store-denied'],
    ['wrong password', '28P01', CONNECTING, 'store-denied'],
    ['no pg_hba.conf entry', '28000', CONNECTING, 'store-denied'],
    ['no such database', '3D000', CONNECTING, 'store-denied'],
    ['no such table', '42P01', READING, 'store-broken'],
    ['no such column', '42703', WRITING, 'store-broken'],
    ['lock timeout', '55P03', WRITING, 'store-broken'],
    ['internal error', 'XX000', WRITING, 'store-broken'],
    ['a code nobody knows', 'ZZ999', WRITING, 'store-broken'],
  ]
  it.each(table)('%s (%s)', (_, sqlState, at, expected) => {
    expect(storeErrorCode(fromServer(sqlState), at)).toBe(expected)
  })
})

describe('what the network says', () => {
  const lost = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH']
  it.each([...lost, 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])(
    '%s before the statement: it did not run',
    (code) => {
      expect(storeErrorCode(fromNode(code), CONNECTING)).toBe('store-unavailable')
    },
  )

  it.each(lost)('%s under the statement: nobody knows', (code) => {
    expect(storeErrorCode(fromNode(code), WRITING)).toBe('store-outcome-unknown')
  })

  it.each([
    'Connection terminated unexpectedly',
    'Query read timeout',
    'Client was closed and is not queryable',
  ])('"%s" under the statement: nobody knows', (message) => {
    expect(storeErrorCode(new Error(message), WRITING)).toBe('store-outcome-unknown')
  })

  it.each([
    'timeout exceeded when trying to connect',
    'Connection terminated due to connection timeout',
    'Connection terminated unexpectedly',
  ])('"%s" before the statement: it did not run', (message) => {
    expect(storeErrorCode(new Error(message), CONNECTING)).toBe('store-unavailable')
  })

  it.each(['The server does not support SSL connections', 'SASL: client password must be a string'])(
    '"%s": somebody has to act',
    (message) => {
      expect(storeErrorCode(new Error(message), CONNECTING)).toBe('store-denied')
    },
  )

  it.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])(
    'certificate trouble %s: somebody has to act',
    (code) => {
      expect(storeErrorCode(fromNode(code), CONNECTING)).toBe('store-denied')
    },
  )
})

it('takes anything else under a statement for a fault of ours', () => {
  expect(storeErrorCode(new TypeError('no such thing'), WRITING)).toBe('store-broken')
  expect(storeErrorCode('text', WRITING)).toBe('store-broken')
})

it('keeps the original as cause and names the SQLSTATE', () => {
  const original = fromServer('53300')
  const error = toStoreError(original, CONNECTING)
  expect(error).toMatchObject({ code: 'store-busy', cause: original })
  expect(error.message).toBe('Postgres: said the server (53300)')
})
