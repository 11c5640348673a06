-- The staff log: what readers and overseers did, sealed to the overseers, chained by a hash over the ciphertexts. The order of its
-- records is the order of those acts; no act of a reporter is among them.
create table log (
  org text not null,
  seq integer not null,
  head blob not null check (length(head) = 32),
  record blob not null,
  primary key (org, seq)
) strict, without rowid;
