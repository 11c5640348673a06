-- Who is away, and until which day: a report's reserve reader reads in their place meanwhile.
-- A reader is HMAC(k1, name and keys), as for notices but another hash. One row a reader who said so, gone with the day.
create table away (
  reader blob not null primary key check (length(reader) = 32),
  until integer not null
) strict, without rowid;
