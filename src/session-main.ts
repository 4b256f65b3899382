/**
 * `npm run session -- status | export | import | reset`: the owner's tool for a stored session. Owns the words of
 * the command line, questions at the terminal and exit codes; what is done is session-tool.ts's. Passphrases come
 * from SESSION_PASSPHRASE or a question, never from the command line, which others can read.
 */

import { text as textOf } from 'node:stream/consumers'
import { Command, CommanderError } from 'commander'
import { isPaired } from './adapters/baileys-paired.ts'
import { migrateDatabase } from './adapters/postgres-migrate.ts'
import { createPool } from './adapters/postgres-pool.ts'
import { resealRows } from './adapters/postgres-reseal.ts'
import { PostgresSessionArchive } from './adapters/postgres-session-archive.ts'
import { PostgresSessionStore } from './adapters/postgres-session-store.ts'
import { readArchive, writeArchive } from './adapters/system-archive-file.ts'
import { SystemClock } from './adapters/system-clock.ts'
import { ask, isInteractive } from './adapters/system-prompt.ts'
import { SystemSecureRandom } from './adapters/system-secure-random.ts'
import { configProblemsText } from './config-report.ts'
import { parseConfig } from './config.ts'
import type { Config } from './config.ts'
import { AppError, errorCodeOf, errorMessageOf } from './errors.ts'
import type { ErrorCode } from './errors.ts'
import { SILENT_LOGGER } from './ports/silent-logger.ts'
import { sessionStateText } from './session-report.ts'
import { Refusal, SessionTool } from './session-tool.ts'
import { createRowCipher, isSealedUnder } from './session/encryption.ts'

/** As docs/operations.md lists them. */
const EXIT = { done: 0, usage: 2, refused: 3, archive: 4, database: 5, config: 78 } as const
const EXIT_BY_CODE: Partial<Record<ErrorCode, number>> = {
  'config-invalid': EXIT.config,
  'archive-invalid': EXIT.archive,
  'archive-locked': EXIT.archive,
  'store-corrupt': EXIT.refused,
  'encryption-key-missing': EXIT.refused,
}
const MIN_PASSPHRASE_CHARS = 8

const LOST_KEY = 'set SESSION_ENCRYPTION_KEY to the key that it was stored under'

/** A mistake in how the tool was called. */
class UsageError extends Error {}

const program = new Command('npm run session --')
  .description('Looks at the stored session, carries it to another machine, or puts it aside.')
  .exitOverride()
  .showHelpAfterError()
program
  .command('status')
  .description('lease, epoch, paired or not, halted by what, versions kept, sessions put aside')
  .option('--json', 'as JSON')
  .action((options: { json?: boolean }) =>
    withTool(async (tool) => {
      const state = await tool.state()
      print(options.json === true ? `${JSON.stringify(state, undefined, 2)}\n` : sessionStateText(state))
    }),
  )
program
  .command('export')
  .description('writes the session, sealed by a passphrase')
  .argument('<file>', 'a file that does not exist yet, or - for stdout')
  .option('--live', 'although a bot may be using it: the export is out of date as soon as it goes on')
  .option('--aside <name>', 'a session that was put aside, as status names it')
  .action((file: string, options: { live?: boolean; aside?: string }) =>
    withTool(async (tool, config) => {
      const passphrase = await passphraseFor(config, true)
      const isLive = options.live === true
      const text = await tool.export({ passphrase, isLive, aside: options.aside })
      if (file === '-') return print(text)
      writeArchive(file, text)
      say(`exported to ${file}; whoever has it and the passphrase is this WhatsApp device`)
    }),
  )
program
  .command('import')
  .description('reads an export into this database')
  .argument('<file>', 'the export, or - for stdin')
  .option('--replace', 'puts a session that is there aside first')
  .action((file: string, options: { replace?: boolean }) =>
    withTool(async (tool, config, migrate) => {
      const text = file === '-' ? await textOf(process.stdin) : readArchive(file)
      const passphrase = await passphraseFor(config, false)
      await migrate()
      const done = await tool.import({ text, passphrase, isReplacing: options.replace === true })
      if (done.putAside !== undefined) say(`the session that was there is kept as ${done.putAside}`)
      say(`imported with ${done.keys} keys; never run the bot on its old database again`)
    }),
  )
program
  .command('reset')
  .description('puts the session aside, so that the bot pairs anew; deletes nothing')
  .option('--yes', 'without asking')
  .action((options: { yes?: boolean }) =>
    withTool(async (tool, config) => {
      if (options.yes !== true) await confirm(config)
      say(`the session is kept as ${await tool.reset()}; the bot shows a QR at its next start`)
      if (config.sessionImport !== undefined) say('take SESSION_IMPORT out first, or it is imported again')
    }),
  )
program
  .command('reseal')
  .description('writes everything anew under SESSION_ENCRYPTION_KEY, also while the bot runs')
  .action(() =>
    withTool(async (_tool, { sessionEncryptionKey: key }, _migrate, rows) => {
      const isCurrent = (sealed: Uint8Array): boolean => isSealedUnder(key, sealed)
      const { resealed, current, unreadable } = await resealRows({ ...rows, isCurrent })
      say(`${resealed} rows written anew, ${current} were already under this key`)
      if (unreadable > 0)
        throw new Refusal(
          `${unreadable} rows do not open with the keys that are set, and are left as they are`,
        )
      say('SESSION_ENCRYPTION_KEY_PREVIOUS is needed no more')
    }),
  )

process.exitCode = await run()

async function run(): Promise<number> {
  try {
    await program.parseAsync(process.argv)
    return EXIT.done
  } catch (error) {
    // Commander has said what is wrong; help that was asked for is none.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    const remedy = errorCodeOf(error) === 'encryption-key-missing' ? `; ${LOST_KEY}` : ''
    say(`npm run session: ${errorMessageOf(error)}${remedy}`)
    return exitCodeOf(error)
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage
  if (error instanceof Refusal) return EXIT.refused
  return EXIT_BY_CODE[errorCodeOf(error) ?? 'store-unavailable'] ?? EXIT.database
}

async function withTool(
  work: (
    tool: SessionTool,
    config: Config,
    migrate: () => Promise<unknown>,
    rows: ConstructorParameters<typeof PostgresSessionStore>[0],
  ) => Promise<void>,
): Promise<void> {
  const parsed = parseConfig(process.env)
  if (!parsed.ok) throw new AppError('config-invalid', configProblemsText(parsed.problems))
  const { config } = parsed
  const { sessionId, sessionEncryptionKey, sessionEncryptionKeyPrevious } = config
  const secureRandom = new SystemSecureRandom()
  const pool = createPool({
    databaseUrl: config.databaseUrl,
    maxConnections: 1,
    ssl: config.databaseSsl,
    applicationName: 'blacksky-md session tool',
    logger: SILENT_LOGGER,
  })
  const keys = [sessionEncryptionKey, sessionEncryptionKeyPrevious].filter((key) => key !== undefined)
  const rows = { pool, sessionId, cipher: createRowCipher({ sessionId, secureRandom, keys }) }
  const tool = new SessionTool({
    clock: new SystemClock(),
    secureRandom,
    store: new PostgresSessionStore(rows),
    archive: new PostgresSessionArchive(rows),
    sessionId,
    settings: config,
    isPaired,
    say,
  })
  try {
    await work(tool, config, () => migrateDatabase({ pool, logger: SILENT_LOGGER }), rows)
  } finally {
    await pool.end()
  }
}

/** @throws UsageError without one: there is nobody to ask, or it is too short or mistyped */
async function passphraseFor(config: Config, isNew: boolean): Promise<string> {
  if (config.sessionPassphrase !== undefined) return config.sessionPassphrase
  if (!isInteractive()) throw new UsageError('set SESSION_PASSPHRASE, or run it on a terminal to be asked')
  const passphrase = await ask('Passphrase: ', { isHidden: true })
  if (!isNew) return passphrase
  if (passphrase.length < MIN_PASSPHRASE_CHARS) {
    throw new UsageError(`a passphrase has ${MIN_PASSPHRASE_CHARS} characters or more`)
  }
  if ((await ask('Once more: ', { isHidden: true })) !== passphrase) throw new UsageError('these two differ')
  return passphrase
}

async function confirm({ sessionId }: Config): Promise<void> {
  if (!isInteractive()) throw new UsageError('reset asks first: run it on a terminal, or with --yes')
  const question = `The bot will have to be paired anew. Type ${sessionId} to put this session aside: `
  if ((await ask(question, { isHidden: false })).trim() !== sessionId)
    throw new Refusal('not confirmed: nothing done')
}

function print(text: string): void {
  process.stdout.write(text)
}

function say(line: string): void {
  process.stderr.write(`${line.trimEnd()}\n`)
}
