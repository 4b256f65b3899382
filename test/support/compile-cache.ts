/**
 * Where processes that tests start keep compiled code for the next one: a boot from the sources strips and compiles
 * some hundred files, and with the cache it takes half the CPU time. Node tells by each file's content whether an
 * entry is still good. Whoever starts a process with an environment of its own adds it; others inherit it from the
 * workers (vitest.config.ts).
 */

import { join } from 'node:path'

export const COMPILE_CACHE = {
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.compile-cache'),
}
