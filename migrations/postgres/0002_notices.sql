-- The same as for SQLite; the reasons stand there.

create table reader_seen (
  reader bytea not null primary key check (octet_length(reader) = 32),
  day integer not null
);

alter table meta add column notices integer;
