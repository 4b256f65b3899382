-- Up migration

-- Everything that is compared or ordered by its text is COLLATE "C": byte order, the same on every server.
-- Times are ms since 1970 by the writer's clock; the database's own clock is never read.

CREATE TABLE blacksky_lease (
  session_id       text COLLATE "C" PRIMARY KEY,
  owner            text NOT NULL,
  epoch            bigint NOT NULL,
  counter          bigint NOT NULL,
  is_released      boolean NOT NULL,
  halted_by        text,
  attempt_times_ms bigint[] NOT NULL
) WITH (fillfactor = 50); -- rewritten with every renewal: room for updates in place

CREATE TABLE blacksky_creds (
  session_id    text COLLATE "C" NOT NULL,
  version       bigint NOT NULL,
  value         bytea NOT NULL,
  written_at_ms bigint NOT NULL,
  PRIMARY KEY (session_id, version)
);

CREATE TABLE blacksky_keys (
  session_id text COLLATE "C" NOT NULL,
  type       text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  value      bytea NOT NULL,
  PRIMARY KEY (session_id, type, id)
) WITH (fillfactor = 70); -- ratchets are rewritten with every message

CREATE TABLE blacksky_inbound (
  session_id     text COLLATE "C" NOT NULL,
  chat           text COLLATE "C" NOT NULL,
  participant    text COLLATE "C" NOT NULL,
  id             text COLLATE "C" NOT NULL,
  state          text COLLATE "C" NOT NULL CHECK (state IN ('received', 'started', 'handled')),
  text           bytea, -- NULL once handled
  sent_at_ms     bigint NOT NULL,
  recorded_at_ms bigint NOT NULL,
  deliveries     integer NOT NULL DEFAULT 1, -- how often WhatsApp delivered it
  PRIMARY KEY (session_id, chat, participant, id)
);

CREATE INDEX blacksky_inbound_unhandled
  ON blacksky_inbound (session_id, sent_at_ms, chat, participant, id) WHERE state <> 'handled';
CREATE INDEX blacksky_inbound_handled
  ON blacksky_inbound (session_id, recorded_at_ms) WHERE state = 'handled';

CREATE TABLE blacksky_replies (
  session_id     text COLLATE "C" NOT NULL,
  reply_id       text COLLATE "C" NOT NULL,
  chat           text COLLATE "C" NOT NULL,
  text           bytea NOT NULL,
  state          text COLLATE "C" NOT NULL CHECK (state IN ('pending', 'acked', 'failed')),
  recorded_at_ms bigint NOT NULL,
  PRIMARY KEY (session_id, reply_id)
);

CREATE INDEX blacksky_replies_pending
  ON blacksky_replies (session_id, recorded_at_ms, reply_id) WHERE state = 'pending';
CREATE INDEX blacksky_replies_settled
  ON blacksky_replies (session_id, recorded_at_ms) WHERE state <> 'pending';
