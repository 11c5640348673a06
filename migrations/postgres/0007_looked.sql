-- The same as for SQLite; the reasons stand there.
alter table meta add column looked integer;
