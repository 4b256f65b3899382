/** The words of `npm run fake-whatsapp`, read and checked. Wrong words end as a LabProblem. */

import { Command, CommanderError, Option } from 'commander'
import { LabProblem } from '../../cli/lab-problem.ts'

export interface ServeOptions {
  /** 0: any free one. */
  readonly port: number
  /** Simulated contacts beside those of the script. */
  readonly contacts: number
  readonly scriptFile: string | undefined
  /** End when the script has: with 0 if every expectation was met, else with 1. */
  readonly isScriptTheEnd: boolean
  /** Name the `wss://` address instead of the `ws://` one. Both are served in any case. */
  readonly isTls: boolean
  /** Folder to write the files of an already linked device into, as useMultiFileAuthState reads them. */
  readonly authFolder: string | undefined
}

const PROGRAM = 'npm run fake-whatsapp --'
const MAX_CONTACTS = 10_000

const EXAMPLES = `
Examples:
  ${PROGRAM} --contacts 3                    and show it the bot's QR: paste the QR's text here, or
                                                        POST it to /admin/scan (docs/fake-whatsapp-admin.md)
  ${PROGRAM} --auth-folder my-bot/auth       a bot that finds itself linked already
  ${PROGRAM} --script talk.json --exit       contacts say what the script says, then it ends
  node my-bot.js | ${PROGRAM} --port 4000    scans the QR text that the bot prints

Exit codes: 0 ended as asked, 1 the bot did not meet the script's expectations, 2 wrong usage or script,
5 the machine failed (a port that is taken), 130 Ctrl-C.`

interface Words {
  port: number
  contacts?: number
  script?: string
  exit?: boolean
  tls?: boolean
  authFolder?: string
}

/**
 * @param words without node and the program's name
 * @param write takes the help
 * @returns undefined when help was asked for and has been shown
 * @throws LabProblem
 */
export function parseServeOptions(
  words: readonly string[],
  write: (text: string) => void,
): ServeOptions | undefined {
  const command = createCommand(write)
  try {
    command.parse([...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return undefined
    throw usageProblem(error.message.replace(/^error: /, '').replaceAll('\n', ' '), words, error)
  }
  const { port, contacts, script, exit = false, tls = false, authFolder } = command.opts<Words>()
  if (exit && script === undefined) throw usageProblem('--exit needs a --script to wait for', words)
  return {
    port,
    // A script brings its own contacts; without one there should be somebody to talk to.
    contacts: contacts ?? (script === undefined ? 1 : 0),
    scriptFile: script,
    isScriptTheEnd: exit,
    isTls: tls,
    authFolder,
  }
}

function createCommand(write: (text: string) => void): Command {
  return new Command(PROGRAM)
    .description(
      'A fake WhatsApp on this machine: point a Baileys bot at it, and simulated contacts talk to it.',
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => undefined })
    .addOption(
      new Option('--port <n>', '0: any free one').argParser(wholeNumber('--port', 65_535)).default(0),
    )
    .addOption(
      new Option('--contacts <n>', 'how many simulated contacts (default: 1 without a script)').argParser(
        wholeNumber('--contacts', MAX_CONTACTS),
      ),
    )
    .option(
      '--script <file>',
      'what contacts say and expect: a .json file, or a module that exports `script`',
    )
    .option('--exit', 'end when the script has ended')
    .option('--tls', 'name the wss:// address (both ws:// and wss:// are served)')
    .option('--auth-folder <folder>', 'write an already linked device there, for useMultiFileAuthState')
    .addHelpText('after', EXAMPLES)
}

function wholeNumber(name: string, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value <= max) return value
    throw usageProblem(`"${text}" is not a whole number from 0 to ${max}`, [name, text])
  }
}

function usageProblem(what: string, words: readonly string[], cause?: unknown): LabProblem {
  return new LabProblem(
    { what, where: [PROGRAM, ...words].join(' '), mend: `${PROGRAM} --help shows the options` },
    { cause },
  )
}
