//! Every statement, for both databases: `$n` parameters and the subset they share.
pub(super) const INSERT_CASE: &str = "insert into case_ (id, lookup, org, filed, due, destroy_after, state) \
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (lookup) do nothing";
pub(super) const CASE_BY_LOOKUP: &str =
    "select id, lookup, org, filed, due, destroy_after, state from case_ where lookup = $1";
pub(super) const CASE_BY_ID: &str = "select id, lookup, org, filed, due, destroy_after, state from case_ where id = $1";
pub(super) const MOVE_CASE: &str =
    "update case_ set state = $1, due = $2, destroy_after = $3 where id = $4 and state = $5";
pub(super) const MARK_OPENED: &str = "update case_ set state = 1 where id = $1 and state = 0";
pub(super) const FILED_DAYS: &str = "select distinct filed from case_";
pub(super) const TO_DESTROY: &str = "select id from case_ where state = 2 and destroy_after <= $1";
pub(super) const DELETE_CASE: &str = "delete from case_ where id = $1";

pub(super) const INSERT_ITEM: &str =
    "insert into item (id, case_id, payload) values ($1, $2, $3) on conflict (id) do nothing";
pub(super) const ITEMS: &str = "select id from item where case_id = $1";
pub(super) const CASE_OF: &str = "select case_id from item where id = $1";
pub(super) const PAYLOAD: &str = "select payload from item where id = $1";
pub(super) const BLOB_ITEMS: &str = "select id from item where case_id = $1 and payload is null";
pub(super) const DELETE_ITEMS: &str = "delete from item where case_id = $1";

pub(super) const INSERT_SLOT: &str =
    "insert into slot (mailbox, item_id, tag, release, header) values ($1, $2, $3, $4, $5)";
pub(super) const SLOTS: &str = "select mailbox, tag, release, header from slot where item_id = $1";
pub(super) const INBOX: &str = "select i.case_id, i.id, s.mailbox, s.tag, s.release, s.header from slot s \
     join item i on i.id = s.item_id where s.mailbox = $1 and (s.release is null or s.release <= $2)";
pub(super) const DELETE_SLOTS: &str = "delete from slot where item_id in (select id from item where case_id = $1)";

pub(super) const ANNOUNCE: &str = "insert into pending (item_id, lease) values ($1, $2)";
pub(super) const FORGET: &str = "delete from pending where item_id = $1";
pub(super) const STRANDED: &str = "select item_id, lease from pending";

pub(super) const ROSTER_SEEN: &str = "select serial, sha256 from roster_seen where file = $1";
pub(super) const SEE_ROSTER: &str = "insert into roster_seen (file, serial, sha256) values ($1, $2, $3) \
     on conflict (file) do update set serial = excluded.serial, sha256 = excluded.sha256 \
     where excluded.serial >= roster_seen.serial";

pub(super) const LAST_DAY: &str = "select last_day from meta where id = 1";
pub(super) const RAISE_LAST_DAY: &str =
    "update meta set last_day = $1 where id = 1 and (last_day is null or last_day < $1)";
pub(super) const SCHEMA: &str = "select cast(schema as bigint) from meta where id = 1";
