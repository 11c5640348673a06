//! What stands in clear: the columns of both databases, and no other.
use sqlx::AssertSqlSafe;

use crate::base::Base;

/// Table, column, type in SQLite, type in PostgreSQL. A column that is not here fails the test: it would show more
/// to a thief of the disk than the design allows.
const ALLOWED: [(&str, &str, &str, &str); 35] = [
    ("away", "reader", "BLOB", "bytea"),
    ("away", "until", "INTEGER", "integer"),
    ("case", "destroy_after", "INTEGER", "integer"),
    ("case", "due", "INTEGER", "integer"),
    ("case", "filed", "INTEGER", "integer"),
    ("case", "id", "BLOB", "uuid"),
    ("case", "lookup", "BLOB", "bytea"),
    ("case", "org", "TEXT", "text"),
    ("case", "state", "INTEGER", "smallint"),
    ("item", "case", "BLOB", "uuid"),
    ("item", "id", "BLOB", "uuid"),
    ("item", "payload", "BLOB", "bytea"),
    ("log", "head", "BLOB", "bytea"),
    ("log", "org", "TEXT", "text"),
    ("log", "record", "BLOB", "bytea"),
    ("log", "seq", "INTEGER", "bigint"),
    ("log", "writer", "INTEGER", "smallint"),
    ("meta", "last_day", "INTEGER", "integer"),
    ("meta", "looked", "INTEGER", "integer"),
    ("meta", "notices", "INTEGER", "integer"),
    ("meta", "one", "INTEGER", "integer"),
    ("meta", "rewritten", "INTEGER", "integer"),
    ("meta", "schema", "INTEGER", "bigint"),
    ("pending", "item", "BLOB", "uuid"),
    ("pending", "lease", "INTEGER", "bigint"),
    ("reader_seen", "day", "INTEGER", "integer"),
    ("reader_seen", "reader", "BLOB", "bytea"),
    ("roster_seen", "file", "TEXT", "text"),
    ("roster_seen", "serial", "INTEGER", "bigint"),
    ("roster_seen", "sha256", "BLOB", "bytea"),
    ("slot", "header", "BLOB", "bytea"),
    ("slot", "item", "BLOB", "uuid"),
    ("slot", "mailbox", "BLOB", "bytea"),
    ("slot", "release", "INTEGER", "integer"),
    ("slot", "tag", "BLOB", "bytea"),
];

type Column = (String, String, String);

#[tokio::test]
async fn sqlite_has_the_allowed_columns_alone() {
    let base = Base::sqlite();
    drop(base.open().await);
    let mut raw = base.raw_sqlite().await;
    let columns = "select t.name, c.name, c.type from sqlite_schema t, pragma_table_info(t.name) c \
                   where t.type in ('table', 'view') order by t.name, c.name";
    let found: Vec<Column> = sqlx::query_as(columns).fetch_all(&mut raw).await.unwrap();
    let allowed: Vec<Column> = ALLOWED.iter().map(|(t, c, sqlite, _)| column(t, c, sqlite)).collect();
    assert_eq!(found, allowed);
    let (strict, with_rowid): (i64, i64) = sqlx::query_as(
        "select min(strict), sum(1 - wr) from pragma_table_list where schema = 'main' and name not like 'sqlite_%'",
    )
    .fetch_one(&mut raw)
    .await
    .unwrap();
    assert_eq!((strict, with_rowid), (1, 0), "all strict, and none with a rowid that counts");
}

#[tokio::test]
async fn postgresql_has_the_allowed_columns_alone() {
    let base = Base::postgres();
    drop(base.open().await);
    let mut raw = base.raw_postgres().await;
    let columns = r#"select table_name::text collate "C", column_name::text collate "C", data_type::text
        from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2"#;
    let found: Vec<Column> = sqlx::query_as(columns).fetch_all(&mut raw).await.unwrap();
    let allowed: Vec<Column> = ALLOWED.iter().map(|(t, c, _, postgres)| column(t, c, postgres)).collect();
    assert_eq!(found, allowed);
    for relation in ["pg_sequences", "pg_matviews"] {
        let count = AssertSqlSafe(format!("select count(*) from {relation}"));
        let count: i64 = sqlx::query_scalar(count).fetch_one(&mut raw).await.unwrap();
        assert_eq!(count, 0, "{relation} would count");
    }
}

fn column(table: &str, column: &str, kind: &str) -> Column {
    (table.to_owned(), column.to_owned(), kind.to_owned())
}
