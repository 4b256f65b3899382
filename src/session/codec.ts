/**
 * Credentials and Signal keys as text: JSON in which byte arrays survive exactly, in the form of Baileys'
 * BufferJSON (`{"type":"Buffer","data":"<base64>"}`), so that rows can be exchanged with other stores.
 * Surprising: an ordinary object that happens to look like that form is written under the type `Literal`,
 * so nothing but bytes ever comes back as bytes.
 */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { AppError } from '../errors.ts'

const BYTES_PREFIX = '{"type":"Buffer","data":"'
const BYTES_SUFFIX = '"}'

type Fields = Record<string, unknown>

/**
 * `value`: JSON values, byte arrays (Uint8Array, Buffer) anywhere inside, protobuf messages (taken by their
 * own fields, so that their bytes stay bytes). What JSON drops (undefined, functions) is dropped.
 */
export function serialise(value: unknown): string {
  if (value instanceof Uint8Array) return BYTES_PREFIX + base64Of(value) + BYTES_SUFFIX
  const text: unknown = JSON.stringify(jsonFormOf(value))
  assert(typeof text === 'string', `cannot serialise a ${typeof value}`)
  return text
}

/**
 * Byte arrays come back as Buffers. Bytes written as an array of numbers (Buffer's own JSON form) are read too.
 * @throws AppError `store-corrupt`
 */
export function parse(text: string): unknown {
  try {
    if (isBytesOnly(text)) return bytesOf(text.slice(BYTES_PREFIX.length, -BYTES_SUFFIX.length))
    // A reviver visits every node and costs several times the parse: most session records hold no bytes.
    const hasMarks = text.includes('"Buffer"') || text.includes('"Literal"')
    return hasMarks ? JSON.parse(text, revive) : JSON.parse(text)
  } catch {
    // The original error is not attached: JSON.parse quotes the text, and the text holds keys.
    throw new AppError('store-corrupt', `a stored value of ${text.length} characters cannot be parsed`)
  }
}

/** The value itself where JSON.stringify already does right, else a copy with the bytes replaced. */
function jsonFormOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return { type: 'Buffer', data: base64Of(value) }
  if (Array.isArray(value)) return formOfArray(value)
  return isFields(value) ? formOfFields(value) : value
}

function formOfArray(items: readonly unknown[]): readonly unknown[] {
  const forms = items.map(jsonFormOf)
  return forms.every((form, index) => form === items[index]) ? items : forms
}

function formOfFields(fields: Fields): Fields {
  if (isMarked(fields)) return { type: 'Literal', data: [fields['type'], jsonFormOf(fields['data'])] }
  // A protobuf message's toJSON turns bytes into bare base64 text; its own fields are the truth.
  let form = typeof fields['toJSON'] === 'function' ? { ...fields } : fields
  for (const key of Object.keys(fields)) {
    const itemForm = jsonFormOf(fields[key])
    if (itemForm === fields[key]) continue
    if (form === fields) form = { ...fields }
    form[key] = itemForm
  }
  return form
}

/** Neither an array nor a Date (which JSON writes as text by itself). */
function isFields(value: object): value is Fields {
  return !Array.isArray(value) && !(value instanceof Date)
}

/** Exactly `type` and `data`, with one of the two types that mean something to `parse`. */
function isMarked(fields: Fields): boolean {
  const type = fields['type']
  return (
    (type === 'Buffer' || type === 'Literal') &&
    fields['data'] !== undefined &&
    Object.keys(fields).length === 2
  )
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !isFields(value) || !isMarked(value)) return value
  const data = value['data']
  if (value['type'] === 'Buffer') return bytesOf(data)
  assert(Array.isArray(data) && data.length === 2)
  return { type: data[0] as unknown, data: data[1] as unknown }
}

function isBytesOnly(text: string): boolean {
  return (
    text.startsWith(BYTES_PREFIX) &&
    text.endsWith(BYTES_SUFFIX) &&
    text.indexOf('"', BYTES_PREFIX.length) === text.length - BYTES_SUFFIX.length
  )
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function bytesOf(data: unknown): Buffer {
  if (Array.isArray(data)) {
    assert(data.every((item) => Number.isInteger(item) && item >= 0 && item <= 255))
    return Buffer.from(data)
  }
  assert(typeof data === 'string')
  const bytes = Buffer.from(data, 'base64')
  // Decoding skips what is not base64; the length then falls short.
  const paddingLength = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0
  assert(bytes.length === (data.length / 4) * 3 - paddingLength)
  return bytes
}
