-- The same as for SQLite; the reasons stand there.

create table away (
  reader bytea not null primary key check (octet_length(reader) = 32),
  until integer not null
);
