/**
 * What is wrong with a target before anything can be said of its claims, and what it leaves behind: from
 * observations to words, for whoever gave the command. Pure; the engine watches, and ends a run on what is fatal.
 */

import { MIN_NODE_MAJOR } from './preload-reports.ts'
import type { PreloadReport } from './preload-reports.ts'

/** A target has so long to ask for WhatsApp after its first boot, and then so long to be linked and log in. */
export const CONNECT_WITHIN_MS = 10_000
export const LOGIN_WITHIN_MS = 30_000

export interface TargetObservation {
  /** As it was given. */
  readonly command: string
  /** That it runs in, if any. */
  readonly image: string | undefined
  /** Since its first boot. */
  readonly watchedMs: number
  /** Of its first dyno, with the status that a shell would tell, if it has ended by itself. */
  readonly exit: { readonly status: number; readonly afterMs: number } | undefined
  /** Connections that the fake WhatsApp has seen. */
  readonly connections: number
  readonly logins: number
  readonly preload: PreloadReport
  /** What it has printed, the last lines. */
  readonly lines: readonly string[]
  /** Processes that outlived the first one of a dyno, and were killed. */
  readonly leftProcesses: number
  /** Dynos that had to be killed because they did not end after SIGTERM. */
  readonly ignoredSigterms: number
}

export interface TargetTrouble {
  readonly kind:
    | 'command-not-found'
    | 'exited-at-once'
    | 'never-connected'
    | 'never-linked'
    | 'left-processes'
    | 'ignored-sigterm'
    | 'printed-binary'
  /** Nothing that comes after it can be judged. */
  readonly isFatal: boolean
  /** What is wrong, and how to mend it. */
  readonly message: string
}

const SHOWN_LINES = 6
const SHOWN_CHARS = 200
const NOT_FOUND = [126, 127]
/** What a decoder puts in place of bytes that are no text. */
const NO_TEXT = /\uFFFD/g
const BINARY_PERCENT = 10
/** Where in a program it happened, below the line that says what. */
const STACK = /^\s+at |^Node\.js v/

/** All troubles so far, the fatal one first; none for a target that does what is expected of it. */
export function targetTroubles(seen: TargetObservation): readonly TargetTrouble[] {
  const fatal = fatalTrouble(seen)
  const notes = [leftProcesses(seen), ignoredSigterm(seen), printedBinary(seen)]
  return [
    ...(fatal === undefined ? [] : [{ ...fatal, isFatal: true }]),
    ...notes.flatMap((note) => note ?? []),
  ]
}

function fatalTrouble(seen: TargetObservation): Omit<TargetTrouble, 'isFatal'> | undefined {
  if (seen.logins > 0) return undefined
  if (seen.exit !== undefined && NOT_FOUND.includes(seen.exit.status)) return notFound(seen, seen.exit.status)
  if (seen.exit !== undefined && seen.connections === 0) return exitedAtOnce(seen, seen.exit)
  if (seen.connections === 0 && seen.watchedMs >= CONNECT_WITHIN_MS) return neverConnected(seen)
  if (seen.connections > 0 && seen.watchedMs >= LOGIN_WITHIN_MS) return neverLinked(seen)
  return undefined
}

function notFound(seen: TargetObservation, status: number): Omit<TargetTrouble, 'isFatal'> {
  const { command, image } = seen
  const mend =
    image === undefined
      ? ''
      : `: see that the image ${image} has it, by its whole path, on its PATH or from its WORKDIR; it runs in place of ENTRYPOINT and CMD`
  const message = withLastWords(`\`${command}\` could not be run (status ${status})${mend}`, seen)
  return { kind: 'command-not-found', message }
}

function exitedAtOnce(
  seen: TargetObservation,
  { status, afterMs }: NonNullable<TargetObservation['exit']>,
): Omit<TargetTrouble, 'isFatal'> {
  const seconds = (afterMs / 1_000).toFixed(1)
  const message = `\`${seen.command}\` exited with status ${status} after ${seconds} s, before it asked for WhatsApp${hintOf(seen)}`
  return { kind: 'exited-at-once', message: withLastWords(message, seen) }
}

function neverConnected(seen: TargetObservation): Omit<TargetTrouble, 'isFatal'> {
  const message = `no connection to the fake WhatsApp was seen; ${reasonFor(seen.preload)}${hintOf(seen)}`
  return { kind: 'never-connected', message: withLastWords(message, seen) }
}

/** What its words and its Node tell of the reason: an old Node does not know the option, or loads it and lacks more. */
function hintOf({ lines, preload, image }: TargetObservation): string {
  const isRefused = lines.some((line) => line.includes('--import is not allowed in NODE_OPTIONS'))
  if (isRefused) return `; its Node is too old: it must be Node ${MIN_NODE_MAJOR} or newer`
  if (preload.oldNode !== undefined)
    return `; it runs on Node ${preload.oldNode}: it must be Node ${MIN_NODE_MAJOR} or newer`
  if (image !== undefined && lines.some((line) => line.includes('EACCES')))
    return '; in an image it runs under the id of whoever runs the lab, not under the image’s USER: of its folders it may write into WORKDIR, into those of VOLUME and into $LAB_STATE_FOLDER'
  return ''
}

function reasonFor({ processes, hosts }: PreloadReport): string {
  if (processes === 0)
    return `and no Node process of the target has loaded the preload: it must be a Node program, Node ${MIN_NODE_MAJOR} or newer, that leaves NODE_OPTIONS to its children`
  if (hosts.length === 0)
    return 'the target runs in Node but has asked for none of WhatsApp’s hosts: does it wait for something, or use another library than Baileys?'
  return `the target was led there from ${hosts.join(', ')}, and did not arrive`
}

function neverLinked(seen: TargetObservation): Omit<TargetTrouble, 'isFatal'> {
  const { refusal, linked } = seen.preload
  const why =
    refusal === undefined
      ? linked === 0
        ? 'it has shown neither a QR nor a pairing code'
        : 'it was linked by the phone, and has not come back'
      : `the phone could not link it: ${refusal}`
  const message = `the target connects and never logs in; ${why}${hintOf(seen)}`
  return { kind: 'never-linked', message: withLastWords(message, seen) }
}

function leftProcesses({ leftProcesses: count }: TargetObservation): TargetTrouble | undefined {
  if (count === 0) return undefined
  const processes = count === 1 ? 'a process' : `${count} processes`
  const message = `the target’s first process ended and left ${processes} running, which were killed: a dyno ends with its first process`
  return { kind: 'left-processes', isFatal: false, message }
}

function ignoredSigterm({ ignoredSigterms: count }: TargetObservation): TargetTrouble | undefined {
  if (count === 0) return undefined
  const message = `the target did not end within 30 s of SIGTERM and was killed, ${count} times: what it had not saved by then is lost`
  return { kind: 'ignored-sigterm', isFatal: false, message }
}

function printedBinary({ lines }: TargetObservation): TargetTrouble | undefined {
  if (!isBinary(lines)) return undefined
  const message = 'the target prints bytes that are no text; they are left out of the log'
  return { kind: 'printed-binary', isFatal: false, message }
}

function isBinary(lines: readonly string[]): boolean {
  const text = lines.join('')
  const broken = text.match(NO_TEXT)?.length ?? 0
  return broken > 0 && (broken / text.length) * 100 >= BINARY_PERCENT
}

function withLastWords(message: string, { lines }: TargetObservation): string {
  const sentence = message.endsWith('?') ? message : `${message}.`
  const words = lines
    .filter((line) => line.trim() !== '' && !STACK.test(line) && !isBinary([line]))
    .slice(-SHOWN_LINES)
  if (words.length === 0) {
    const hasPrinted = lines.some((line) => line.trim() !== '')
    return `${sentence} It has printed ${hasPrinted ? 'bytes that are no text' : 'nothing'}`
  }
  return `${sentence} Its last lines:\n${words.map((line) => `  ${line.slice(0, SHOWN_CHARS)}`).join('\n')}`
}
