/** Where the bot's plugins are: a folder of folders. Looking into it runs nothing of theirs. */

export interface FoundPlugin {
  /** The folder's name, which is the command word. */
  readonly name: string
  /** The text of its plugin.json; undefined when it cannot be read. */
  readonly manifest: string | undefined
  /** The URL of its index.js, index.mjs or index.ts; undefined when there is none. */
  readonly module: string | undefined
}
