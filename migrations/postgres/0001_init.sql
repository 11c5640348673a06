-- Everything in clear stands here and nothing else may; tests/store.rs compares this with its list.
create table meta (id integer primary key check (id = 1), schema bigint not null, last_day integer);
insert into meta (id, schema) values (1, 1);
create table case_ (
  id uuid primary key,
  lookup bytea not null unique check (length(lookup) = 32),
  org text not null,
  filed integer not null,
  due integer not null,
  destroy_after integer,
  state smallint not null
);
create table item (
  id uuid primary key,
  case_id uuid not null references case_ (id),
  payload bytea
);
create index item_case on item (case_id);
create table slot (
  mailbox bytea not null check (length(mailbox) = 32),
  item_id uuid not null references item (id),
  tag bytea not null check (length(tag) = 32),
  release integer,
  header bytea not null,
  primary key (mailbox, item_id)
);
create index slot_item on slot (item_id);
create table pending (item_id uuid primary key, lease integer not null);
create table roster_seen (file text primary key, serial bigint not null, sha256 bytea not null);
