/**
 * A plugin: a folder named by its command word, with plugin.json, which says what the bot has to know without
 * running anything, and a module that does the work. Pure: from what was found to what can be used, or why not.
 */

import type { FoundPlugin } from '../ports/plugin-folder.ts'
import type { CommandEffect } from './plugin.ts'

export interface Plugin {
  readonly name: string
  readonly summary: string
  readonly effect: CommandEffect
  readonly module: string
}

export type PluginReading =
  { readonly ok: true; readonly plugin: Plugin } | { readonly ok: false; readonly problem: string }

/** Fits a line of the list of commands on a phone. */
const MAX_SUMMARY_CHARS = 100
const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/
const FIELDS = ['summary', 'effect']

export function readPlugin({ name, manifest, module }: FoundPlugin): PluginReading {
  if (!NAME.test(name))
    return bad('its folder is no command word: a-z, 0-9, _ and -, at most 32, no capitals')
  if (manifest === undefined) return bad('it has no plugin.json')
  if (module === undefined) return bad('it has no index.js, index.mjs or index.ts')
  const fields = objectIn(manifest)
  if (fields === undefined) return bad('its plugin.json is no JSON object')
  const unknown = Object.keys(fields).find((field) => !FIELDS.includes(field))
  if (unknown !== undefined)
    return bad(`its plugin.json has "${unknown}"; it may have ${FIELDS.join(' and ')}`)
  const { summary, effect } = fields
  if (typeof summary !== 'string' || !/^\S.*$/.test(summary) || summary.length > MAX_SUMMARY_CHARS)
    return bad(`its "summary" is no line of 1 to ${MAX_SUMMARY_CHARS} characters`)
  if (effect !== 'repeatable' && effect !== 'once')
    return bad('its "effect" is neither "repeatable" nor "once"')
  return { ok: true, plugin: { name, summary, effect, module } }
}

function bad(problem: string): PluginReading {
  return { ok: false, problem }
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
