DROP TABLE exports;
DROP TABLE erasures;
