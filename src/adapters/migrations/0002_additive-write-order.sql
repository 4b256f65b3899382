-- Up migration

-- The place of each session's newest write of credentials or keys within its epoch, so that a statement which
-- was held up cannot land after a newer one. A table of its own: the lease row is shared by all writers.
CREATE TABLE blacksky_writes (
  session_id text COLLATE "C" PRIMARY KEY,
  epoch      bigint NOT NULL,
  sequence   bigint NOT NULL,
  outcome    text COLLATE "C" NOT NULL -- of the write that was offered last
) WITH (fillfactor = 50); -- rewritten with every commit: room for updates in place
