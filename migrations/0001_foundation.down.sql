DROP TABLE audit_events, messages, conversation_members, participations, conversations, sessions, users;
DROP FUNCTION refuse_audit_change(), ensure_message_partition(date), ensure_audit_partition(date);
