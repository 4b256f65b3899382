/** What the bodies of the admin interface may hold. */

import { z } from 'zod'

const name = z.string().min(1).max(100)
const phoneNumber = z.string().regex(/^\d{5,15}$/, 'expected 5 to 15 digits, with the country code')
/** Phone number, jid, or a name that only one bears. */
const person = z.string().min(1).max(100)
const addressing = z.enum(['pn', 'lid'])

export const accountBody = z.strictObject({ name: name.optional(), phoneNumber: phoneNumber.optional() })

export const contactBody = z.strictObject({
  name: name.optional(),
  phoneNumber: phoneNumber.optional(),
  devices: z.int().min(1).max(10).optional(),
  addressing: addressing.optional(),
})

export const groupBody = z.strictObject({
  subject: name,
  participants: z.array(person).min(1).max(1_024),
  addressing: addressing.optional(),
})

export const scanBody = z.strictObject({ qr: z.string().min(1).max(10_000), account: person.optional() })

export const pairingCodeBody = z.strictObject({
  code: z.string().regex(/^[A-Z0-9]{4}-?[A-Z0-9]{4}$/i, 'expected eight letters and digits'),
  account: person.optional(),
})

export const messageBody = z.strictObject({
  from: person,
  /** An account, a contact or a group; the only account when left out. */
  to: person.optional(),
  text: z.string().min(1).max(65_536),
})

/** Its kind decides about its fields; `parseFault` knows them. */
export const faultBody = z.looseObject({ kind: z.string() })
