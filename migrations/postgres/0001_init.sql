-- The same tables and columns as for SQLite; the reasons stand there.

create table meta (
  one integer not null primary key check (one = 1),
  schema bigint not null,
  last_day integer
);

create table "case" (
  id uuid not null primary key,
  lookup bytea not null unique check (octet_length(lookup) = 32),
  org text not null,
  filed integer not null,
  due integer not null,
  destroy_after integer,
  state smallint not null
);

create table item (
  id uuid not null primary key,
  "case" uuid not null references "case" (id),
  payload bytea
);
-- Sealed bytes do not compress: do not try.
alter table item alter column payload set storage external;
create index item_case on item ("case");

create table slot (
  item uuid not null references item (id),
  mailbox bytea not null check (octet_length(mailbox) = 32),
  tag bytea not null check (octet_length(tag) = 32),
  release integer,
  header bytea not null,
  primary key (item, mailbox)
);
create index slot_mailbox on slot (mailbox);

create table pending (
  item uuid not null primary key,
  lease bigint not null
);

create table roster_seen (
  file text not null primary key,
  serial bigint not null,
  sha256 bytea not null check (octet_length(sha256) = 32)
);
