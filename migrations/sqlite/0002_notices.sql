-- For notices by mail: who has not looked in for some days, and the last day on which notices went out.
-- A reader is HMAC(k1, name and keys): the database alone does not say who looks in how often. One row a reader, overwritten, so
-- that no list of visits grows; only where notices are set, and only the day.
create table reader_seen (
  reader blob not null primary key check (length(reader) = 32),
  day integer not null
) strict, without rowid;

alter table meta add column notices integer;
