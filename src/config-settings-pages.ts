/**
 * The settings of health and pages: who may see what. A part of the table in config-settings.ts, in a file of
 * its own because it has a rule of its own: what a host name looks like.
 */

import { optionalText } from './config-setting.ts'

/** One name of a host, or `*.` and a name for every name below it. */
const HOST = String.raw`(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?`

export const PAGES = {
  adminToken: optionalText(
    'ADMIN_TOKEN',
    {
      pattern: /^[\x21-\x7e]{16,256}$/,
      range: '16 to 256 printable characters without spaces',
      isSecret: true,
    },
    'Opens the pages, metrics and details; without one they are off, and /health tells only the least.',
  ),
  allowedHosts: optionalText(
    'ALLOWED_HOSTS',
    {
      pattern: new RegExp(`^${HOST}(\\s*,\\s*${HOST}){0,19}$`),
      range: 'up to 20 host names, separated by commas; *.name takes every name below it',
      isSecret: false,
    },
    'Your own domains. localhost always works, and *.herokuapp.com on a dyno: its router sends no other host.',
  ),
  dyno: optionalText(
    'DYNO',
    { pattern: /^/, range: 'any', isSecret: false },
    "Set by Heroku, not by you: on a dyno the client's address is what the router appended to X-Forwarded-For.",
  ),
}
