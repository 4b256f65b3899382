/**
 * `npm run fake-whatsapp`: starts a server, says how to point a bot at it, shows its phone whatever pairing
 * text comes in by standard input, and plays a script. Whatever it opened is closed when it ends, however it
 * ends.
 */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { EXIT } from '../../cli/exit-code.ts'
import { LabProblem } from '../../cli/lab-problem.ts'
import { startFakeWhatsApp } from '../fake-whatsapp.ts'
import type { FakeWhatsApp } from '../fake-whatsapp.ts'
import type { Account } from '../people/account.ts'
import { playScript } from '../script/play-script.ts'
import { loadScript } from '../script/script-file.ts'
import type { Script } from '../script/script.ts'
import { ServerStage } from '../script/server-stage.ts'
import { bannerText, resultLine, summaryLine } from './banner.ts'
import type { ServeOptions } from './options.ts'
import { findPairingText } from './pairing-text.ts'

const LOOK_FOR_BOT_EVERY_MS = 50

export interface ServeEnvironment {
  readonly directory: string
  readonly input: NodeJS.ReadableStream
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  readonly write: (text: string) => void
}

/** @returns the exit code, when the script has ended @throws LabProblem; AbortError after Ctrl-C */
export async function serve(options: ServeOptions, environment: ServeEnvironment): Promise<number> {
  const { directory } = environment
  const script =
    options.scriptFile === undefined ? undefined : await loadScript(directory, options.scriptFile)
  const authFolder = options.authFolder === undefined ? undefined : resolve(directory, options.authFolder)
  if (authFolder !== undefined) refuseForeignAuth(authFolder)
  const whatsApp = await start(options.port)
  const certificateFolder = mkdtempSync(join(tmpdir(), 'fake-whatsapp-'))
  try {
    const account = whatsApp.addAccount({ name: 'Owner of the bot' })
    for (let index = 0; index < options.contacts; index += 1) whatsApp.addContact()
    const stage = script === undefined ? undefined : cast(whatsApp, account, script, environment.signal)
    if (authFolder !== undefined) await account.linkedDevice().writeTo(authFolder)
    const certificateFile = join(certificateFolder, 'certificate.pem')
    writeFileSync(certificateFile, await whatsApp.certificate())
    environment.write(bannerText({ whatsApp, account, isTls: options.isTls, certificateFile, authFolder }))
    showPhone(environment, account)
    await untilOnline(account, environment.signal)
    environment.write('the bot is online\n')
    if (script !== undefined && stage !== undefined) {
      const areAllMet = await play(script, stage, environment)
      if (options.isScriptTheEnd) return areAllMet ? EXIT.holds : EXIT.broken
    }
    return await forever(environment.signal)
  } finally {
    await whatsApp.close()
    rmSync(certificateFolder, { recursive: true, force: true })
  }
}

async function start(port: number): Promise<FakeWhatsApp> {
  try {
    return await startFakeWhatsApp({ port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    throw new LabProblem(
      {
        what: code === 'EADDRINUSE' ? `port ${port} is taken` : `port ${port} is not allowed to this user`,
        where: `--port ${port}`,
        mend: 'choose another one, or --port 0 for any free one',
        exitCode: EXIT.infrastructure,
      },
      { cause: error },
    )
  }
}

/** @throws LabProblem where a session lies already: it might be somebody's real one */
function refuseForeignAuth(folder: string): void {
  if (!existsSync(join(folder, 'creds.json'))) return
  throw new LabProblem({
    what: 'a session lies there already',
    where: folder,
    mend: 'name an empty or new folder, or remove this one if it is not needed',
  })
}

/** @throws LabProblem for numbers that cannot be had, which a schema cannot know */
function cast(whatsApp: FakeWhatsApp, account: Account, script: Script, signal: AbortSignal): ServerStage {
  try {
    return new ServerStage(whatsApp, account, script, signal)
  } catch (error) {
    throw new LabProblem(
      {
        what: (error as Error).message,
        where: 'the script, contacts',
        mend: 'give each contact a phone number of its own, or none',
      },
      { cause: error },
    )
  }
}

/** The phone scans or types whatever a line of input shows it. */
function showPhone({ input, signal, write }: ServeEnvironment, account: Account): void {
  const lines = createInterface({ input, signal })
  lines.on('line', (line) => {
    const found = findPairingText(line)
    if (found === undefined) return
    const pairing = found.kind === 'qr' ? account.scanQr(found.text) : account.enterPairingCode(found.code)
    pairing.then(
      () => write('the phone has linked the bot\n'),
      // A bot shows one QR after another; one that is out of date is nothing to stop for.
      (error: unknown) => write(`the phone could not link the bot: ${(error as Error).message}\n`),
    )
  })
}

async function untilOnline(account: Account, signal: AbortSignal): Promise<void> {
  while (!account.linkedDevices.some((device) => device.link !== undefined)) {
    await delay(LOOK_FOR_BOT_EVERY_MS, undefined, { signal })
  }
}

/** @returns whether every expectation was met */
async function play(script: Script, stage: ServerStage, { write }: ServeEnvironment): Promise<boolean> {
  stage.begin()
  const results = await playScript(script, stage, (result) => write(resultLine(result)))
  write(summaryLine(results))
  return results.every((result) => result.isMet)
}

function forever(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason as Error)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return promise
}
