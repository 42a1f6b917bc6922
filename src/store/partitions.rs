//! Partitions by round, on PostgreSQL: the tables that grow with the responses have one per round.
//!
//! Rounds are what fieldwork ends, what is read and exported together, and what is erased together when its time is
//! over; a round that is closed is neither written to nor vacuumed again. Rows of a round without partitions of its own
//! (and those of no round) are in the default ones, so a partition is never needed for a row to be taken: where making
//! one would hold others up, it waits for the next time the program looks.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use sha2::{Digest, Sha256};

use super::backend::Connection;
use super::locks::{lock_key, take_locks};
use super::{Store, StoreError};

/// The partitioned tables, in the order in which storing a response writes to them.
const PARTITIONED: [&str; 4] = [
    "response_versions",
    "responses",
    "response_events",
    "response_attachments",
];

/// How long others may be held up by a partition that waits for its turn.
const PATIENCE: &str = "SET LOCAL lock_timeout = '2s'";

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Child {
    #[diesel(sql_type = Text)]
    parent: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// A round, and the partitioned tables that have no partition for it.
struct Missing {
    round: String,
    tables: Vec<&'static str>,
}

impl Store {
    /// Gives every round that has none its partitions, on PostgreSQL. A failure is logged and left for the next time.
    pub(super) fn partition_rounds(&self) {
        if !self.is_postgres() {
            return;
        }
        let rounds = self.read(|connection| match connection {
            Connection::Postgres(c) => rounds_without_partitions(c),
            Connection::Sqlite(_) => Ok(Vec::new()),
        });
        let made = rounds.and_then(|rounds| {
            rounds
                .iter()
                .try_for_each(|missing| self.write(|connection| make(connection, &missing.round)))
        });
        if let Err(error) = made {
            tracing::warn!(%error, "a round has no partitions of its own yet: its rows go to the default ones");
        }
    }
}

/// Gives every round its partitions inside a transaction that has the database for itself: where rows are restored.
pub(super) fn make_all(connection: &mut Connection<'_>) -> Result<(), StoreError> {
    let mut rounds = Vec::new();
    if let Connection::Postgres(c) = connection
        && is_partitioned(c)?
    {
        rounds = rounds_without_partitions(c)?;
    }
    rounds.iter().try_for_each(|missing| make(connection, &missing.round))
}

/// Whether the schema is new enough.
fn is_partitioned(connection: &mut PgConnection) -> Result<bool, StoreError> {
    use diesel::dsl::sql;
    use diesel::sql_types::Bool;
    Ok(diesel::select(sql::<Bool>("to_regclass('responses_default') IS NOT NULL")).get_result(connection)?)
}

fn rounds_without_partitions(connection: &mut PgConnection) -> Result<Vec<Missing>, StoreError> {
    let rounds: Vec<Name> =
        diesel::sql_query("SELECT round AS name FROM rounds ORDER BY created_at, round").load(connection)?;
    let children: Vec<Child> = diesel::sql_query(
        "SELECT inhparent::regclass::text AS parent, relname::text AS name FROM pg_inherits JOIN pg_class ON oid = inhrelid",
    )
    .load(connection)?;
    // A table that an older schema does not have yet has not even its default partition.
    let tables = || {
        PARTITIONED
            .into_iter()
            .filter(|table| children.iter().any(|child| child.parent == *table))
    };
    let missing = rounds.into_iter().map(|row| Missing {
        tables: tables()
            .filter(|table| {
                let name = partition(table, &row.name);
                !children.iter().any(|child| child.name == name)
            })
            .collect(),
        round: row.name,
    });
    Ok(missing.filter(|missing| !missing.tables.is_empty()).collect())
}

/// Makes the partitions of one round, and moves to them what the default ones hold of it. Inside a transaction.
fn make(connection: &mut Connection<'_>, round: &str) -> Result<(), StoreError> {
    take_locks(connection, vec![lock_key(&["partitions"])])?;
    let Connection::Postgres(c) = connection else {
        return Ok(());
    };
    // Another server may have been faster.
    let mut missing = rounds_without_partitions(c)?.into_iter();
    let Some(missing) = missing.find(|missing| missing.round == round) else {
        return Ok(());
    };
    c.batch_execute(PATIENCE)?;
    for table in missing.tables {
        let name = partition(table, round);
        // Rows that come meanwhile wait, and then go to the new partition.
        c.batch_execute(&format!(
            "LOCK TABLE {table}_default IN ACCESS EXCLUSIVE MODE;
             CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        ))?;
        for statement in [
            format!("INSERT INTO {name} SELECT * FROM {table}_default WHERE round = $1"),
            format!("DELETE FROM {table}_default WHERE round = $1"),
        ] {
            diesel::sql_query(statement).bind::<Text, _>(round).execute(*c)?;
        }
        let literal = round.replace('\'', "''");
        c.batch_execute(&format!(
            "ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES IN ('{literal}')"
        ))?;
    }
    Ok(())
}

/// The name of a round's partition of a table: readable, and distinct also where two rounds look alike in it.
fn partition(table: &str, round: &str) -> String {
    let readable: String = round
        .chars()
        .take(24)
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    let digest: [u8; 32] = Sha256::digest(round.as_bytes()).into();
    let [a, b, c, d, ..] = digest;
    let distinct = u32::from_be_bytes([a, b, c, d]);
    format!("{table}_{readable}_{distinct:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_postgresql_takes_whole() {
        let longest = partition("response_versions", &"R".repeat(64));
        assert!(
            longest.len() < 64 && longest.starts_with("response_versions_rrrr"),
            "{longest}"
        );
        assert_ne!(partition("responses", "2026.1"), partition("responses", "2026-1"));
    }
}
