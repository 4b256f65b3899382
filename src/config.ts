/**
 * Reads the environment once, as main hands it in, into one frozen and typed object. Reports everything
 * that is wrong together: values, contradictions between them, and, as warnings, names that look mistyped.
 * Which settings there are is said in config-settings.ts. Surprising: a variable that is set but empty
 * counts as not set, because a config var of Heroku can be emptied but not always removed.
 */

import { findContradictions } from './config-contradictions.ts'
import type { Setting, SettingFacts } from './config-setting.ts'
import { SETTINGS } from './config-settings.ts'
import { findMistypedNames } from './config-typos.ts'

type SettingKey = keyof typeof SETTINGS

const SETTING_KEYS = Object.keys(SETTINGS).filter(isSettingKey)

/** Every setting's value, parsed and in range; quantities carry their unit in the name. */
export type Config = {
  readonly [K in SettingKey]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never
}

export interface ConfigProblem {
  /** The environment variable. */
  readonly setting: string
  /** What is wrong with it; never shows a secret. */
  readonly problem: string
  /** What to do about it. */
  readonly remedy: string
}

/** `warnings` are likely mistakes that do not keep the bot from starting. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigProblem[] }
  | {
      readonly ok: false
      readonly problems: readonly ConfigProblem[]
      readonly warnings: readonly ConfigProblem[]
    }

export type Environment = Readonly<Record<string, string | undefined>>

/** Never throws; a value that could not be read takes no part in the search for contradictions. */
export function parseConfig(env: Environment): ConfigResult {
  const values: Partial<Record<SettingKey, unknown>> = {}
  const problems: ConfigProblem[] = []
  for (const key of SETTING_KEYS) {
    const { facts } = SETTINGS[key]
    const text = env[facts.name]?.trim()
    const reading = SETTINGS[key].read(text === '' ? undefined : text)
    if (reading.ok) values[key] = reading.value
    else problems.push(valueProblem(facts, text, reading.problem))
  }
  problems.push(...findContradictions(values))
  const warnings = findMistypedNames(Object.keys(env), settingNames()).map(mistypedName)
  if (hasAllValues(values, problems)) return { ok: true, config: Object.freeze(values), warnings }
  return { ok: false, problems, warnings }
}

/** The values in effect by variable name, secrets masked: for the log at start. */
export function describeConfig(config: Config): Record<string, string | number | boolean> {
  const lines: Record<string, string | number | boolean> = {}
  for (const key of SETTING_KEYS) {
    const { name, isSecret } = SETTINGS[key].facts
    const value = config[key]
    if (value === undefined) lines[name] = 'not set'
    else lines[name] = isSecret || value instanceof Uint8Array ? '***' : value
  }
  return lines
}

/** The variables that no other program should be given. */
export function secretNames(): string[] {
  return SETTING_KEYS.map((key) => SETTINGS[key].facts)
    .filter(({ isSecret }) => isSecret)
    .map(({ name }) => name)
}

function valueProblem(facts: SettingFacts, text: string | undefined, message: string): ConfigProblem {
  const { name, unit, range } = facts
  const unitText = unit === '' ? '' : ` (${unit})`
  const orLeaveOut = facts.isRequired ? '' : `, or leave it out for ${facts.default ?? 'none'}`
  return {
    setting: name,
    problem: text === undefined || text === '' ? 'is missing' : `${shownValue(facts, text)} ${message}`,
    remedy: `Set ${name} to ${article(facts)}${unitText}: ${range}${orLeaveOut}.`,
  }
}

function shownValue(facts: SettingFacts, text: string): string {
  if (facts.isSecret) return `its value (${text.length} characters, not shown)`
  return text.length > 40 ? `"${text.slice(0, 40)}…"` : `"${text}"`
}

function article({ type }: SettingFacts): string {
  return type === 'yes or no' || type === 'one of' ? 'one of these' : `a ${type}`
}

function mistypedName(mistyped: { readonly name: string; readonly meant: string }): ConfigProblem {
  return {
    setting: mistyped.name,
    problem: `is no setting, but looks like ${mistyped.meant}`,
    remedy: `Rename it to ${mistyped.meant} if you meant that; it has no effect as it is.`,
  }
}

function settingNames(): string[] {
  return SETTING_KEYS.map((key) => SETTINGS[key].facts.name)
}

function isSettingKey(key: string): key is SettingKey {
  return key in SETTINGS
}

/** Without a problem every setting has given its value. */
function hasAllValues(values: object, problems: readonly ConfigProblem[]): values is Config {
  return problems.length === 0 && SETTING_KEYS.every((key) => key in values)
}
