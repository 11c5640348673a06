-- The staff log: what readers and overseers did, sealed to the overseers, chained by a hash over the ciphertexts. The order of its
-- records is the order of those acts; no act of a reporter is among them.
create table log (
  org text not null,
  seq bigint not null,
  head bytea not null check (length(head) = 32),
  record bytea not null,
  primary key (org, seq)
);
