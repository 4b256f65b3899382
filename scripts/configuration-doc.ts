/**
 * The text of docs/configuration.md, made from the table of settings. Passed through the formatter, so that
 * the file is at once current and well formatted.
 */

import { format } from 'prettier'
import type { SettingFacts } from '../src/config-setting.ts'
import { SETTING_GROUPS } from '../src/config-settings.ts'

const INTRODUCTION = `# Configuration

<!-- Generated from src/config-settings.ts by \`npm run docs\`. -->

Everything is set by environment variables, read once at start. The bot starts only if all of them can be
used and none contradicts another; what is wrong is reported together, with what to do about it. A variable
that is set but empty counts as not set. A name that looks like a mistyped setting is warned of. Secrets
never appear in the log.
`

const TABLE_HEAD = `| Setting | Value | Default | Why |\n|---|---|---|---|`

export function renderConfigurationDoc(): Promise<string> {
  const sections = SETTING_GROUPS.map(({ title, settings }) => {
    const rows = Object.values(settings).map(({ facts }) => tableRow(facts))
    return [`## ${title}\n`, TABLE_HEAD, ...rows, ''].join('\n')
  })
  return format([INTRODUCTION, ...sections].join('\n'), { parser: 'markdown' })
}

function tableRow(facts: SettingFacts): string {
  const cells = [`\`${facts.name}\``, valueCell(facts), defaultCell(facts), facts.reason]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function valueCell({ type, unit, range, isSecret }: SettingFacts): string {
  const shown = type === 'one of' || type === 'yes or no' || type === 'URL' ? `\`${range}\`` : range
  return [type, unit, shown, isSecret ? 'secret' : ''].filter((part) => part !== '').join('; ')
}

function defaultCell(facts: SettingFacts): string {
  if (facts.isRequired) return '**required**'
  return facts.default === undefined ? 'not set' : `\`${facts.default}\``
}
