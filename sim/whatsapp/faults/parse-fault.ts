/**
 * Reads a fault from JSON, as it comes over the admin interface or from a script: one message that names every
 * field that is wrong, and what it should be.
 */

import type { Fault } from './fault.ts'

type Field = 'integer' | 'count' | 'text' | 'flag' | readonly string[]

interface Shape {
  readonly needs?: Readonly<Record<string, Field>>
  readonly may?: Readonly<Record<string, Field>>
}

/** Node's timers take no more, and fire at once when given more. */
const MAX_INTEGER = 2_147_483_647

const MOMENT = ['now', 'login', 'open'] as const
const ANY: Readonly<Record<string, Field>> = { device: 'text', times: 'count', forMs: 'integer' }

const SHAPES: Readonly<Record<Fault['kind'], Shape>> = {
  refuse: {},
  'reset-at-connect': {},
  'http-error': { needs: { status: 'integer' }, may: { keepsSocket: 'flag' } },
  'no-upgrade': {},
  'no-server-hello': {},
  'garbage-server-hello': {},
  'bad-certificate': { needs: { flaw: ['issuer-serial', 'untrusted-root'] } },
  'login-failure': { needs: { reason: 'integer' } },
  'stream-error': {
    may: {
      code: 'integer',
      child: ['conflict-replaced', 'conflict-removed', 'ack'],
      keepsSocket: 'flag',
      at: MOMENT,
    },
  },
  close: {
    needs: { how: ['stream-end', 'normal', 'server-error', 'terminate', 'reset', 'bad-opcode'] },
    may: { at: MOMENT },
  },
  stall: {},
  'black-hole': {},
  deaf: { may: { isMute: 'flag', endsWithConnection: 'flag' } },
  slow: { needs: { delayMs: 'integer' } },
  'corrupt-frame': {
    needs: {
      how: ['bad-tag', 'malformed-node', 'empty-body', 'text-frame', 'partial-frame', 'message-without-id'],
    },
    may: { at: MOMENT },
  },
  unanswered: { may: { query: 'text' } },
  'query-error': { needs: { code: 'integer' }, may: { query: 'text', text: 'text' } },
  'rate-limit': { needs: { perMinute: 'integer' } },
  'no-ack': {},
  'ack-error': { needs: { code: 'integer' } },
  'reach-out-timelock': {},
  duplicate: {},
  reorder: { needs: { window: 'integer' } },
}

/** Every kind of fault, in the order of a connection's life. */
export const FAULT_KINDS = Object.keys(SHAPES) as readonly Fault['kind'][]

/** @throws Error that names every wrong field and what it should be */
export function parseFault(value: unknown): Fault {
  if (typeof value !== 'object' || value === null) throw new Error('a fault is an object with a "kind"')
  const given = value as Readonly<Record<string, unknown>>
  const kind = FAULT_KINDS.find((each) => each === given['kind'])
  if (kind === undefined) {
    throw new Error(`fault kind ${JSON.stringify(given['kind'])} is none of ${FAULT_KINDS.join(', ')}`)
  }
  const { needs = {}, may = {} } = SHAPES[kind]
  const problems = [
    ...Object.entries(needs).flatMap(([name, field]) => problemOf(name, field, given[name])),
    ...Object.entries({ ...may, ...ANY }).flatMap(([name, field]) =>
      given[name] === undefined ? [] : problemOf(name, field, given[name]),
    ),
    ...Object.keys(given).flatMap((name) =>
      name === 'kind' || name in needs || name in may || name in ANY ? [] : [`"${name}" is no field of it`],
    ),
  ]
  if (problems.length > 0) throw new Error(`fault "${kind}": ${problems.join('; ')}`)
  return value as Fault
}

function problemOf(name: string, field: Field, value: unknown): string[] {
  if (Array.isArray(field)) {
    return field.includes(value) ? [] : [`"${name}" must be one of ${field.join(', ')}`]
  }
  switch (field) {
    case 'integer':
      return isWhole(value, 0) ? [] : [`"${name}" must be a whole number from 0 to ${MAX_INTEGER}`]
    case 'count':
      return isWhole(value, 1) ? [] : [`"${name}" must be a whole number from 1 to ${MAX_INTEGER}`]
    case 'text':
      return typeof value === 'string' && value !== '' ? [] : [`"${name}" must be a text`]
    case 'flag':
      return typeof value === 'boolean' ? [] : [`"${name}" must be true or false`]
    default:
      return []
  }
}

function isWhole(value: unknown, min: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= MAX_INTEGER
}
