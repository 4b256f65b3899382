import { describeMessageJournal } from './message-journal.contract.ts'
import { inMemoryFixture, postgresFixture } from './store-fixture.ts'

describeMessageJournal('in memory', inMemoryFixture)
describeMessageJournal('on Postgres', postgresFixture)
