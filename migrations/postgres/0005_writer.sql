-- The same as for SQLite; the reasons stand there.

alter table log add column writer smallint not null default 0 check (writer between 0 and 2);
