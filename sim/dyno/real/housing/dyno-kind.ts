/** What dynos run in: this machine itself, or a Docker container on it. */

export const DYNO_KINDS = ['process', 'container'] as const

export type DynoKind =
  /** On this machine, in a copy of the app's folder. */
  | { readonly kind: 'process' }
  /** In a container of its own; the app is what the image holds. */
  | {
      readonly kind: 'container'
      readonly image: string
      /** Folders of this machine that the dyno sees under the same path, read-only: what a preload is read from. */
      readonly mounts: readonly string[]
      /** The same for folders that it may change. */
      readonly writableMounts?: readonly string[]
    }
