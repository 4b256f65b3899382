/**
 * Keeps libsignal and Baileys away from the console. libsignal prints whole session objects, private and root
 * keys included, whenever a session is replaced, which an ordinary first send does. Owns the one place where
 * console methods are replaced; they are never given back. Surprising: who calls is read off the stack, so that
 * everybody else's output stays as it is.
 */

const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const
const SILENCED = Symbol.for('blacksky-md.console-silenced')
const CALLERS = /[\\/]node_modules[\\/](libsignal|@whiskeysockets[\\/]baileys)[\\/]/
/** Own frame, the caller's, and one to spare for a wrapper around the console. */
const FRAMES = 3

/** May be called again; replaces the methods once. */
export function silenceLibraryConsole(target: Console = console): void {
  if (Reflect.has(target, SILENCED)) return
  Reflect.set(target, SILENCED, true)
  for (const method of METHODS) {
    const original = target[method]
    const guarded = (...values: unknown[]): void => {
      if (!isLibraryCalling(guarded)) Reflect.apply(original, target, values)
    }
    target[method] = guarded
  }
}

function isLibraryCalling(calledMethod: (...values: unknown[]) => void): boolean {
  const holder: { stack?: string } = {}
  const limitBefore = Error.stackTraceLimit
  Error.stackTraceLimit = FRAMES
  Error.captureStackTrace(holder, calledMethod)
  Error.stackTraceLimit = limitBefore
  return CALLERS.test(holder.stack ?? '')
}
