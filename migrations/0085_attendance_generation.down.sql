ALTER TABLE participations DROP COLUMN here_generation;
