/** Options and words of help that several commands share. */

import { Option } from 'commander'
import { POSTGRES_KINDS } from './lab-environment.ts'
import { wholeNumber } from './whole-number.ts'

export const MAX_JOBS = 64

export const EXIT_CODES = `
Exit codes: 0 all claims and bounds hold, 1 one is broken, 2 wrong usage or scenario, 3 vacuous (a fault never
struck, a claim was never put to the test, a bound is undecided), 4 not deterministic, 5 the machine failed
(Postgres, a worker).`

/** For commands whose runs are all of real processes. */
export function realJobsOption(): Option {
  return new Option('--jobs <n>', 'runs beside each other; one has the machine to itself')
    .argParser(wholeNumber('--jobs', 1, MAX_JOBS))
    .default(1)
}

export function postgresOption(): Option {
  return new Option(
    '--postgres <kind>',
    'auto: a container where Docker holds the image, else embedded; url: DATABASE_URL',
  )
    .choices(POSTGRES_KINDS)
    .default('auto')
}
