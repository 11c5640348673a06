-- Whose a record of the staff log is: 1 somebody who had signed in, 2 the server by itself. What stands there already was not told
-- apart, and stays 0: what of it nobody signed is the server's.
alter table log add column writer integer not null default 0 check (writer between 0 and 2);
