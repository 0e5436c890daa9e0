-- Reports with their evidence. They outlive the messages that they quote, and the accounts.
CREATE TABLE reports (
  id              uuid PRIMARY KEY,
  receipt         text NOT NULL,
  reporter_id     uuid REFERENCES users (id) ON DELETE SET NULL,
  reported_id     uuid REFERENCES users (id) ON DELETE SET NULL,
  -- No foreign key: the conversation is forgotten earlier.
  conversation_id bigint NOT NULL,
  reason          text NOT NULL,
  note            text,
  -- [{seq, by: "reporter"|"reported", text, sentAt}], as it was when the report was made.
  evidence        jsonb NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  delete_after    timestamptz NOT NULL,
  CONSTRAINT reports_receipt_key UNIQUE (receipt)
);
CREATE INDEX reports_reported_id_idx ON reports (reported_id);
CREATE INDEX reports_delete_after_idx ON reports (delete_after);
