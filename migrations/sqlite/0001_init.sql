-- What stands in clear stands here and nowhere else: tests/store.rs fails on any other column.
-- Keys are random and no table has a rowid, so that no row tells which came first.

-- One row: the version of this schema, and the highest day ever stored.
create table meta (
  one integer not null primary key check (one = 1),
  schema integer not null,
  last_day integer
) strict, without rowid;

create table "case" (
  id blob not null primary key check (length(id) = 16),
  lookup blob not null unique check (length(lookup) = 32),
  org text not null,
  filed integer not null,
  due integer not null,
  destroy_after integer,
  state integer not null
) strict, without rowid;

-- A payload that is null is a blob under the item's id.
create table item (
  id blob not null primary key check (length(id) = 16),
  "case" blob not null references "case" (id),
  payload blob
) strict, without rowid;
create index item_case on item ("case");

create table slot (
  item blob not null references item (id),
  mailbox blob not null check (length(mailbox) = 32),
  tag blob not null check (length(tag) = 32),
  release integer,
  header blob not null,
  primary key (item, mailbox)
) strict, without rowid;
create index slot_mailbox on slot (mailbox);

-- A blob that no item names yet, or no longer. A negative lease: that server is removing it.
create table pending (
  item blob not null primary key check (length(item) = 16),
  lease integer not null
) strict, without rowid;

create table roster_seen (
  file text not null primary key,
  serial integer not null,
  sha256 blob not null check (length(sha256) = 32)
) strict, without rowid;
