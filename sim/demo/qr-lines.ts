/** A QR code for whoever reads the output: a picture on a terminal, in a file or pipe only that there was one. */

import { toString as qrText } from 'qrcode'

export async function qrLines(qr: string, isTerminal: boolean): Promise<string> {
  // Its colours are escape codes, which are noise anywhere else.
  if (isTerminal) return qrText(qr, { type: 'terminal', small: true })
  return `    (${qr.length} characters; a terminal would show the picture)`
}
