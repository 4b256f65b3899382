import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What packs and installs has a run of its own: `npm run test:package`.
    exclude: ['dist/**', 'node_modules/**', 'test/package/**'],
    globalSetup: ['test/support/global-setup.ts'],
    // Many tests wait for processes and sockets: on two cores one worker took 341 s, four took 136 s. Three leave
    // a computing bot the CPU by which a hang is told from starvation.
    maxWorkers: Math.max(3, availableParallelism()),
    // A hang guard: a virtual week is computed in ten seconds on a quiet machine and in forty on a busy one.
    testTimeout: 90_000,
    hookTimeout: 60_000,
    // Waiting for what other processes do: the machine may be busy.
    expect: { poll: { timeout: 15_000 } },
  },
})
