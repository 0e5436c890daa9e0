-- Whether a member searched again at once after the conversation: a word about the match, and about nobody once the conversation is forgotten.
ALTER TABLE match_outcomes ADD COLUMN requeued_a boolean NOT NULL DEFAULT false, ADD COLUMN requeued_b boolean NOT NULL DEFAULT false;
