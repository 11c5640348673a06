-- The last day on which all rows were written anew, in the order of their keys.
alter table meta add column rewritten integer;
