DROP TABLE address_salts;
ALTER TABLE users DROP COLUMN audit_id;
