//! Every statement that both databases share. `$n` parameters, and only what both understand.

pub(super) const SCHEMA: &str = "select schema from meta";
pub(super) const NEW_META: &str = "insert into meta (one, schema) values (1, 0)";
pub(super) const SET_SCHEMA: &str = "update meta set schema = $1";
pub(super) const LAST_DAY: &str = "select last_day from meta";
/// `$2` is so many days before `$1` as the sure day moves in one step, `$3`.
pub(super) const LOOK: &str = "update meta set looked = $1, last_day = case
    when last_day is null then $1 when last_day >= $1 then last_day when last_day >= $2 then $1 else last_day + $3 end
    where looked is null or looked <> $1";
pub(super) const SET_DAY: &str = "update meta set looked = $1, last_day = $1, rewritten = null";

pub(super) const INSERT_CASE: &str = r#"insert into "case" (id, lookup, org, filed, due, destroy_after, state)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing"#;
pub(super) const CASE_BY_LOOKUP: &str =
    r#"select id, lookup, org, filed, due, destroy_after, state from "case" where lookup = $1"#;
pub(super) const CASE_BY_ID: &str =
    r#"select id, lookup, org, filed, due, destroy_after, state from "case" where id = $1"#;
pub(super) const MOVE_CASE: &str =
    r#"update "case" set state = $1, due = $2, destroy_after = $3 where id = $4 and state = $5 and due = $6"#;
pub(super) const SET_STATE: &str = r#"update "case" set state = $1 where id = $2 and state = $3"#;
pub(super) const ASIDE_OF: &str =
    r#"select s.item from slot s join item i on i.id = s.item where i."case" = $1 and s.release = $2"#;
pub(super) const DROP_ASIDE: &str =
    r#"delete from slot where release = $2 and item in (select id from item where "case" = $1)"#;
pub(super) const RELEASE_AGAIN: &str = "update slot set release = $1, tag = $2 where item = $3 and mailbox = $4";
/// The tag of a slot that is still the one that was read.
pub(super) const MARK_SLOT: &str = "update slot set tag = $1 where item = $2 and mailbox = $3 and tag = $4";
/// As [`crate::domain::case::Case::is_untouched`] has it; who opened it and went is another question.
pub(super) const UNTOUCHED: &str = r#"select id from "case" where id = $1 and state = $2 and due = filed + $3"#;
pub(super) const STATE: &str = r#"select state from "case" where id = $1"#;
pub(super) const FILED_DAYS: &str = r#"select distinct filed from "case" order by filed"#;
pub(super) const TO_DESTROY: &str = r#"select id from "case" where state = $1 and destroy_after <= $2 order by id"#;
pub(super) const DELETE_CASE: &str = r#"delete from "case" where id = $1"#;

pub(super) const INSERT_ITEM: &str = r#"insert into item (id, "case", payload) values ($1, $2, $3)"#;
/// Ordered by the random id: PostgreSQL would otherwise give the order of arrival.
pub(super) const ITEMS: &str = r#"select id from item where "case" = $1 order by id"#;
pub(super) const ALL_ITEMS: &str = r#"select id, "case" from item order by id"#;
pub(super) const ALL_BLOBS: &str = "select id from item where payload is null order by id";
pub(super) const ALL_MAILBOXES: &str = r#"select distinct i."case", s.mailbox from slot s join item i on i.id = s.item
    order by i."case", s.mailbox"#;
pub(super) const COUNT_ITEMS: &str = r#"select count(*) from item where "case" = $1"#;
pub(super) const CASE_OF: &str = r#"select "case" from item where id = $1"#;
pub(super) const PAYLOAD: &str = "select payload from item where id = $1";
/// Neither database reads the payload for it.
pub(super) const PAYLOAD_BYTES: &str = "select cast(length(payload) as bigint) from item where id = $1";
pub(super) const BLOBS_OF: &str = r#"select id from item where "case" = $1 and payload is null order by id"#;
pub(super) const DELETE_ITEMS: &str = r#"delete from item where "case" = $1"#;

pub(super) const INSERT_SLOT: &str =
    "insert into slot (item, mailbox, tag, release, header) values ($1, $2, $3, $4, $5)";
pub(super) const HAS_SLOT: &str = "select item from slot where item = $1 and mailbox = $2";
pub(super) const DELETE_ASIDE: &str = "delete from slot where item = $1 and mailbox = $2 and release = $3";
pub(super) const DELETE_SLOT: &str = "delete from slot where item = $1 and mailbox = $2";
/// Only one that is held back longer.
pub(super) const RELEASE: &str = r#"update slot set release = $1, tag = $2 where item = $3 and mailbox = $4 and release > $1
    and item in (select id from item where "case" = $5)"#;
pub(super) const SLOTS: &str = "select mailbox, tag, release, header from slot where item = $1 order by mailbox";
pub(super) const DELETE_SLOTS: &str = r#"delete from slot where item in (select id from item where "case" = $1)"#;
/// A mailbox of a case, and what of it is served by a day.
pub(super) const MAILBOX_OF: &str = r#"select s.item from slot s join item i on i.id = s.item
    where i."case" = $1 and s.mailbox = $2 order by s.item"#;
pub(super) const SERVED_OF: &str = r#"select s.item from slot s join item i on i.id = s.item
    where i."case" = $1 and s.mailbox = $2 and (s.release is null or s.release <= $3)"#;
pub(super) const MAILBOXES: &str = "select mailbox from slot where item = $1 order by mailbox";
pub(super) const MAILBOXES_OF_CASE: &str = r#"select distinct s.mailbox from slot s join item i on i.id = s.item
    where i."case" = $1 order by s.mailbox"#;
/// How many mailboxes [`INBOX`] takes at once.
pub(super) const INBOX_WIDTH: usize = 32;
pub(super) const INBOX: &str = r#"select c.id, c.lookup, c.org, c.filed, c.due, c.destroy_after, c.state,
    i.id, s.mailbox, s.tag, s.release, s.header
    from slot s join item i on i.id = s.item join "case" c on c.id = i."case"
    where (s.release is null or s.release <= $1) and s.mailbox in
    ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
     $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)"#;
pub(super) const SLOTS_OF_CASE: &str = r#"select i.id, s.mailbox, s.tag, s.release, s.header
    from item i join slot s on s.item = i.id
    where i."case" = $1 and s.mailbox = $2 and (s.release is null or s.release <= $3) order by i.id"#;
pub(super) const SLOT: &str = "select mailbox, tag, release, header from slot
    where item = $1 and mailbox = $2 and (release is null or release <= $3)";
pub(super) const ITEM_WITH_CASE: &str = r#"select c.id, c.lookup, c.org, c.filed, c.due, c.destroy_after, c.state, i.payload
    from item i join "case" c on c.id = i."case" where i.id = $1"#;

pub(super) const ANNOUNCE: &str = "insert into pending (item, lease) values ($1, $2)";
pub(super) const TAKE_OVER: &str = "delete from pending where item = $1 and lease = $2";
/// What this server announced is now its own to remove.
pub(super) const ABANDON: &str = "update pending set lease = $1 where item = $2 and lease = $3";
pub(super) const FORGET: &str = "delete from pending where item = $1";
pub(super) const OTHER_LEASES: &str = "select distinct abs(lease) from pending where abs(lease) <> $1";
pub(super) const CLAIM: &str = "update pending set lease = $1 where lease in ($2, $3)";
/// A row that an item names is not stranded, whatever went wrong.
pub(super) const CLAIMED: &str = "select item from pending where lease = $1
    and not exists (select 1 from item where item.id = pending.item) order by item";

pub(super) const ROSTER_SEEN: &str = "select serial, sha256 from roster_seen where file = $1";
pub(super) const SEE_ROSTER: &str = "insert into roster_seen (file, serial, sha256) values ($1, $2, $3)
    on conflict (file) do update set serial = excluded.serial, sha256 = excluded.sha256
    where excluded.serial > roster_seen.serial";

/// In the order of the random ids.
pub(super) const CASES_OF: &str =
    r#"select id, lookup, org, filed, due, destroy_after, state from "case" where org = $1 order by id"#;

pub(super) const LAST_RECORD: &str = "select seq, head from log where org = $1 order by seq desc limit 1";
pub(super) const RECORDS: &str = "select writer, record from log where org = $1 and seq > $2 order by seq limit $3";
pub(super) const INSERT_RECORD: &str = "insert into log (org, seq, head, record, writer) values ($1, $2, $3, $4, $5)";

pub(super) const READER_SEEN: &str = "select day from reader_seen where reader = $1";
pub(super) const READERS_SEEN: &str = "select reader, day from reader_seen order by reader";
pub(super) const SEE_READER: &str = "insert into reader_seen (reader, day) values ($1, $2)
    on conflict (reader) do update set day = excluded.day where excluded.day > reader_seen.day";
pub(super) const FORGET_READER: &str = "delete from reader_seen where reader = $1";
pub(super) const TAKE_NOTICES: &str =
    "update meta set notices = $1 where notices is null or notices < $1 or notices > $1 + 1";

pub(super) const REWRITTEN: &str = "select rewritten from meta";
pub(super) const NOT_REWRITTEN: &str = "update meta set rewritten = null";
pub(super) const SET_REWRITTEN: &str = "update meta set rewritten = $1";

pub(super) const AWAY: &str = "select reader, until from away order by reader";
pub(super) const SET_AWAY: &str = "insert into away (reader, until) values ($1, $2)
    on conflict (reader) do update set until = excluded.until where excluded.until <> away.until";
pub(super) const BACK: &str = "delete from away where reader = $1";
