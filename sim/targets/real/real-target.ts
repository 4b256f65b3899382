/**
 * A bot that the lab can put into a dyno of real processes: a command, an environment, and how it comes to its
 * link with WhatsApp. Whatever language and library it is made of, the lab sees it from outside only.
 */

import type { AlwaysClaim } from '../../checkers/claim.ts'

/** Where things are in one run; what of it the bot needs, and under which names, only its target knows. */
export interface RealPlaces {
  /** Of a Postgres database of the run's own, behind the fault proxy. */
  readonly databaseUrl: string
  /** Of the fake WhatsApp: `ws://127.0.0.1:PORT/ws/chat`. */
  readonly whatsappUrl: string
  /** Of the fake WhatsApp's admin interface: `http://127.0.0.1:PORT/admin`. */
  readonly adminUrl: string
  /** Phone number of the account whose phone scans the bot's QR: digits. */
  readonly account: string
  /** Names the bot's session where its database has several. */
  readonly sessionId: string
  /** A folder of this run that outlives its dynos and ends with the run. */
  readonly stateFolder: string
  /** NODE_OPTIONS of the target's image; empty without one. */
  readonly nodeOptions: string
}

export interface RealTarget {
  /** One word, as it is given on the command line and shown in reports. */
  readonly name: string
  /** One sentence: whose behaviour this is. */
  readonly description: string
  /** As `commandOf` of web-command.ts takes it: words, or one line for the shell. */
  readonly command: readonly string[]
  /** What the dyno's file system is a copy of. Absolute. */
  readonly appFolder: string
  /** As HerokuSim takes it. `none`: the files of the folder are the bot's own and outlive a restart. */
  readonly copy: 'linked' | 'full' | 'none'
  /** The container image that holds it, and then nothing of `appFolder` and `copy` counts. */
  readonly image: string | undefined
  /** Folders of this machine that it reads beside its own: a dyno in a container is given them as mounts. */
  readonly mounts: readonly string[]
  /**
   * `seeded`: the session is linked already, by storeLinkedSession, before the first boot. `qr`: it shows a QR or
   * asks for a pairing code, and the preload hands that to the account's phone.
   */
  readonly linking: 'seeded' | 'qr'
  /**
   * Part of the command line of the process that holds the connection; undefined where the dyno's processes are
   * not known beforehand, as with a command that somebody else has given.
   */
  readonly botProcess: string | undefined
  /** Claims that cannot be judged from outside of this target, with the reason. */
  readonly notJudged: Readonly<Partial<Record<AlwaysClaim, string>>>
  /** Config vars of the dyno; the engine adds what the scenario sets, and appends to NODE_OPTIONS, if anything. */
  environment(places: RealPlaces): Record<string, string>
}
