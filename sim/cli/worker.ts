/** The program of the lab's worker processes: the real engine, served over IPC. */

import { openVirtualDatabase } from '../world/virtual-database.ts'
import { runScenario } from '../world/run.ts'
import { serveRuns } from './serve-runs.ts'

serveRuns({ openDatabase: openVirtualDatabase, run: runScenario })
