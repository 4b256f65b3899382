/** Options and words of help that several commands share. */

import { Option } from 'commander'
import { POSTGRES_KINDS } from './lab-environment.ts'

export const EXIT_CODES = `
Exit codes: 0 all claims and bounds hold, 1 one is broken, 2 wrong usage or scenario, 3 vacuous (a fault never
struck, a claim was never put to the test, a bound is undecided), 4 not deterministic, 5 the machine failed
(Postgres, a worker).`

export function postgresOption(): Option {
  return new Option(
    '--postgres <kind>',
    'auto: a container where Docker holds the image, else embedded; url: DATABASE_URL',
  )
    .choices(POSTGRES_KINDS)
    .default('auto')
}
