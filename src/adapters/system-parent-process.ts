/** The process that forked this one, over Node's own channel. */

import type { ParentProcess } from '../ports/child-process.ts'

/** Undefined when nobody forked this process with a channel. */
export function systemParentProcess(): ParentProcess | undefined {
  if (process.send === undefined) return undefined
  return {
    send: (message) => {
      // A parent that is just ending hears nothing any more; its end is told by the channel's.
      if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
    },
    onMessage: (listener) => void process.on('message', listener),
    onClosed: (listener) => {
      if (process.connected) process.once('disconnect', listener)
      else queueMicrotask(listener)
    },
  }
}
