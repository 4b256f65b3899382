/**
 * What simulated contacts say to a bot, and what they expect of it, as plain data: JSON, or a module that
 * exports it as `script`. Checked before anything starts, so that a wrong script leaves nothing behind.
 */

import { z } from 'zod'

const MAX_STEPS = 10_000
const MAX_WAIT_MS = 24 * 3_600_000
const MAX_CONTACTS = 10_000

const name = z.string().min(1).max(100)
const text = z.string().min(1).max(65_536)
const milliseconds = z.int().min(0).max(MAX_WAIT_MS)

const contactSchema = z.strictObject({
  name,
  /** Digits with the country's code; left out, the server gives a free number. */
  phone: z
    .string()
    .regex(/^\d{5,15}$/, 'expected 5 to 15 digits')
    .optional(),
})

const groupSchema = z.strictObject({
  subject: name,
  /** Names of contacts; the bot is always in. */
  members: z.array(name).min(1).max(1_023),
})

const stepSchema = z.strictObject({
  /** Since the bot was first online. A step never begins before the one above it has ended. */
  atMs: milliseconds.default(0),
  contact: name,
  /** The subject of a group; left out, contact and bot talk alone. */
  group: name.optional(),
  says: text.optional(),
  /** A part of a text that the bot must have sent into this chat by then; each of its messages serves one step. */
  expects: text.optional(),
  withinMs: milliseconds.default(10_000),
})

export const scriptSchema = z
  .strictObject({
    contacts: z.array(contactSchema).min(1).max(MAX_CONTACTS),
    groups: z.array(groupSchema).max(100).default([]),
    steps: z.array(stepSchema).min(1).max(MAX_STEPS),
  })
  .superRefine((script, context) => {
    for (const { path, message } of unresolved(script)) context.addIssue({ code: 'custom', path, message })
  })

export type Script = z.infer<typeof scriptSchema>
export type ScriptStep = Script['steps'][number]

/** Checks a script written in TypeScript. @throws ZodError naming each wrong field */
export function defineScript(script: z.input<typeof scriptSchema>): Script {
  return scriptSchema.parse(script)
}

interface Finding {
  readonly path: (string | number)[]
  readonly message: string
}

/** Names that nobody bears, names borne twice, and steps that do nothing. */
function unresolved({ contacts, groups, steps }: Script): Finding[] {
  const people = new Set(contacts.map((contact) => contact.name))
  const subjects = new Map(groups.map((group) => [group.subject, new Set(group.members)]))
  return [
    ...duplicates(contacts.map((contact) => contact.name)).map((index) => ({
      path: ['contacts', index, 'name'],
      message: 'another contact has this name',
    })),
    ...duplicates(groups.map((group) => group.subject)).map((index) => ({
      path: ['groups', index, 'subject'],
      message: 'another group has this subject',
    })),
    ...groups.flatMap(({ members }, index) =>
      members.flatMap((member, place) =>
        people.has(member)
          ? []
          : [{ path: ['groups', index, 'members', place], message: `no contact is named "${member}"` }],
      ),
    ),
    ...steps.flatMap((step, index) => unresolvedInStep(step, people, subjects, ['steps', index])),
  ]
}

function unresolvedInStep(
  { contact, group, says, expects }: ScriptStep,
  people: ReadonlySet<string>,
  subjects: ReadonlyMap<string, ReadonlySet<string>>,
  path: (string | number)[],
): Finding[] {
  const findings: Finding[] = []
  if (!people.has(contact))
    findings.push({ path: [...path, 'contact'], message: `no contact is named "${contact}"` })
  if (says === undefined && expects === undefined)
    findings.push({ path, message: 'expected says, expects or both' })
  if (group === undefined) return findings
  const members = subjects.get(group)
  if (members === undefined)
    findings.push({ path: [...path, 'group'], message: `no group has the subject "${group}"` })
  else if (!members.has(contact))
    findings.push({ path: [...path, 'contact'], message: `"${contact}" is not in "${group}"` })
  return findings
}

/** Indexes of values that stood before. */
function duplicates(values: readonly string[]): number[] {
  const seen = new Set<string>()
  return values.flatMap((value, index) => {
    if (seen.has(value)) return [index]
    seen.add(value)
    return []
  })
}
