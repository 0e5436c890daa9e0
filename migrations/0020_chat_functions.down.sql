DROP FUNCTION end_conversations;
DROP FUNCTION append_messages;
DROP FUNCTION open_conversations;
ALTER TABLE conversations RESET (fillfactor);
