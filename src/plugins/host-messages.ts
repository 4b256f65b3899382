/** What bot and plugin host say to each other, and reading it; anything else that a plugin may send is ignored. */

import type { CommandRequest } from './plugin.ts'

export type ToHost =
  | { readonly type: 'run'; readonly id: number; readonly module: string; readonly request: CommandRequest }
  /** Answered by `pong` as soon as the host's event loop turns. */
  | { readonly type: 'ping' }

export type FromHost =
  /** From now on the plugin may have done something. */
  | { readonly type: 'begun'; readonly id: number }
  | { readonly type: 'done'; readonly id: number; readonly text: string | undefined }
  /** `at`: where in the code, without the error's message, which may quote the user. */
  | { readonly type: 'failed'; readonly id: number; readonly kind: string; readonly at: string }
  /** A failure that belongs to no command that is known. */
  | { readonly type: 'uncaught'; readonly kind: string; readonly at: string }
  | { readonly type: 'pong' }

export function readToHost(value: unknown): ToHost | undefined {
  const fields = fieldsOf(value)
  if (fields?.['type'] === 'ping') return { type: 'ping' }
  // Both ends are compiled from one type, and only the bot has this end.
  return fields?.['type'] === 'run' ? (fields as unknown as ToHost) : undefined
}

export function readFromHost(value: unknown): FromHost | undefined {
  const { type, id, text, kind, at } = fieldsOf(value) ?? {}
  const about = { kind: textOf(kind), at: textOf(at) }
  if (type === 'pong') return { type }
  if (type === 'uncaught') return { type, ...about }
  if (typeof id !== 'number') return undefined
  if (type === 'begun') return { type, id }
  if (type === 'failed') return { type, id, ...about }
  if (type === 'done') return { type, id, text: typeof text === 'string' ? text : undefined }
  return undefined
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 1_000) : 'unknown'
}
