-- Everything in clear stands here and nothing else may; tests/store.rs compares this with its list.
create table meta (id integer primary key check (id = 1), schema integer not null, last_day integer) strict;
insert into meta (id, schema) values (1, 1);
create table case_ (
  id blob primary key check (length(id) = 16),
  lookup blob not null unique check (length(lookup) = 32),
  org text not null,
  filed integer not null,
  due integer not null,
  destroy_after integer,
  state integer not null
) strict, without rowid;
create table item (
  id blob primary key check (length(id) = 16),
  case_id blob not null references case_ (id),
  payload blob
) strict, without rowid;
create index item_case on item (case_id);
create table slot (
  mailbox blob not null check (length(mailbox) = 32),
  item_id blob not null references item (id),
  tag blob not null check (length(tag) = 32),
  release integer,
  header blob not null,
  primary key (mailbox, item_id)
) strict, without rowid;
create index slot_item on slot (item_id);
create table pending (item_id blob primary key check (length(item_id) = 16), lease integer not null) strict, without rowid;
create table roster_seen (file text primary key, serial integer not null, sha256 blob not null) strict, without rowid;
