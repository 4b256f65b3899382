/** The settings about the session and who may read it; config-settings.ts has the table of all. */

import { optionalKey, optionalText, text } from './config-setting.ts'

export const SESSION = {
  sessionId: text(
    'SESSION_ID',
    { pattern: /^[A-Za-z0-9_-]{1,64}$/, range: '1 to 64 letters, digits, - or _', default: 'default' },
    'Names the WhatsApp account in the database, so that several bots can share one.',
  ),
  sessionOwner: optionalText(
    'SESSION_OWNER',
    { pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, range: 'a UUID', isSecret: false },
    'Set by the supervisor for the bot process, not by you: names the dyno boot that owns the session.',
  ),
  sessionEncryptionKey: optionalKey(
    'SESSION_ENCRYPTION_KEY',
    'When set, credentials and keys are stored encrypted; losing it means pairing again.',
  ),
  sessionEncryptionKeyPrevious: optionalKey(
    'SESSION_ENCRYPTION_KEY_PREVIOUS',
    'The key before: still opens rows, until npm run session -- reseal has written them anew.',
  ),
  sessionImport: optionalText(
    'SESSION_IMPORT',
    {
      pattern: /^[^\0]{1,10000000}$/,
      range: 'an export of npm run session, or the path of one',
      isSecret: true,
    },
    'Read at start when the database holds no session: moves one here without a QR. Leave it out afterwards.',
  ),
  sessionPassphrase: optionalText(
    'SESSION_PASSPHRASE',
    { pattern: /^.{8,1024}$/, range: '8 to 1024 characters', isSecret: true },
    'What SESSION_IMPORT was exported with; npm run session takes it from here, too, instead of asking.',
  ),
}
