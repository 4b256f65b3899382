/** Finds in a line of text what a phone could be shown: a QR's text or a pairing code. Pure. */

export type PairingText =
  { readonly kind: 'qr'; readonly text: string } | { readonly kind: 'code'; readonly code: string }

/** Ref, then three keys of 32 bytes in base64, as Baileys 6 and 7 give it; 7 puts an address before it. */
const QR =
  /(?:https:\/\/wa\.me\/settings\/linked_devices#)?[^\s"',#]+(?:,[A-Za-z0-9+/]{43}=){3}(?:,[^\s"',]*)?/
/** Alone on its line, since any word of eight letters could be one. */
const CODE = /^\s*([A-Z0-9]{4})-?([A-Z0-9]{4})\s*$/

export function findPairingText(line: string): PairingText | undefined {
  const qr = QR.exec(line)
  if (qr !== null) return { kind: 'qr', text: qr[0] }
  const code = CODE.exec(line)
  return code === null ? undefined : { kind: 'code', code: `${code[1] ?? ''}${code[2] ?? ''}` }
}
