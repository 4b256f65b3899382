import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'
import { COMPILE_CACHE } from './test/support/compile-cache.ts'
import { LongestFirst } from './test/support/longest-first.ts'

/** Run by Node itself, as in production: what Vite makes of a module's imports costs an eighth of the lab's speed. */
const native = { viteModuleRunner: false, nodeLoader: false }

const UNIT = ['test/unit/**/*.test.ts', 'test/architecture.test.ts']
const LAB = ['test/lab/**/*.test.ts']

export default defineConfig({
  test: {
    env: COMPILE_CACHE,
    globalSetup: ['test/support/global-setup.ts'],
    sequence: { sequencer: LongestFirst },
    // Many tests wait for processes and sockets: on two cores one worker took 341 s, four took 136 s. Three leave
    // a computing bot the CPU by which a hang is told from starvation.
    maxWorkers: Math.max(3, availableParallelism()),
    // A hang guard: a virtual week is computed in ten seconds on a quiet machine and in forty on a busy one.
    testTimeout: 90_000,
    hookTimeout: 60_000,
    // Waiting for what other processes do: the machine may be busy.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      // Workers are shared: most of these files take less time than a process and its imports.
      { extends: true, test: { name: 'unit', include: UNIT, isolate: false, experimental: native } },
      { extends: true, test: { name: 'lab', include: LAB, experimental: native } },
      {
        extends: true,
        test: {
          name: 'processes',
          include: ['test/**/*.test.ts'],
          // What packs and installs has a run of its own: `npm run test:package`.
          exclude: [...configDefaults.exclude, 'test/package/**', ...UNIT, ...LAB],
        },
      },
    ],
  },
})
