/**
 * Baileys carries the root of WhatsApp's certificates as a constant in hex. It is exchanged where the text becomes
 * bytes, because that is alike in a package, in a fork of it and in a bundle.
 */

/** WA_CERT_DETAILS.PUBLIC_KEY of Baileys 7. */
const WHATSAPP_ROOT = '142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b'

export function trustRoot(rootKey) {
  const { from } = Buffer
  Buffer.from = function fromOrFakeRoot(value, encoding, length) {
    const isRoot = encoding === 'hex' && value === WHATSAPP_ROOT
    return from.call(this, isRoot ? rootKey : value, encoding, length)
  }
}
