/**
 * What this project keeps inside Baileys' credentials, in the one field that Baileys leaves to its user: by name, and
 * without touching what another name holds. So it is sealed, fenced, kept in the history and moved with the
 * credentials, and needs no table of its own; a release that does not know a name passes it by.
 */

export type ExtraName =
  /** The pairing's answer may never have reached WhatsApp. */
  | 'isPairingUnconfirmed'
  /** The newest version of WhatsApp Web with which WhatsApp let us in. */
  | 'acceptedVersion'

/** What `additionalData` is part of. */
export interface ExtraHolder {
  additionalData?: unknown
}

export function extraOf(creds: ExtraHolder, name: ExtraName): unknown {
  return extrasOf(creds)[name]
}

/** `value` undefined takes it away. */
export function setExtra(creds: ExtraHolder, name: ExtraName, value: unknown): void {
  const { [name]: _before, ...others } = extrasOf(creds)
  const extras = value === undefined ? others : { ...others, [name]: value }
  creds.additionalData = Object.keys(extras).length === 0 ? undefined : extras
}

function extrasOf({ additionalData }: ExtraHolder): Record<string, unknown> {
  return typeof additionalData === 'object' && additionalData !== null ? { ...additionalData } : {}
}
