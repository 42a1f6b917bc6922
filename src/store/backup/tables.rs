//! The one list of tables that a backup holds. A table that refers to another comes after it.

use diesel::Table as _;
use serde::{Deserialize, Serialize};

use super::super::schema;
use super::columns::{Column, Columns};

/// A table of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Table {
    /// Its name.
    pub name: String,
    /// Its columns in the order of a row's values.
    pub columns: Vec<Column>,
}

fn table<C: Columns>(name: &str, _all: C) -> Table {
    Table {
        name: name.to_owned(),
        columns: C::columns(),
    }
}

macro_rules! tables {
    ($($name:ident,)*) => { vec![$(table(stringify!($name), schema::$name::table::all_columns())),*] };
}

/// Every table, in the order in which they are restored: a new table is a new line here.
pub(super) fn all() -> Vec<Table> {
    tables![
        surveys,
        definitions,
        attached_files,
        frameworks,
        places,
        rounds,
        round_events,
        retention_rules,
        warning_rules,
        users,
        tokens,
        known_origins,
        second_factors,
        recovery_codes,
        imports,
        responses,
        response_versions,
        instance_ids,
        attachments,
        response_attachments,
        response_events,
        organisations,
        targets,
        samples,
        sample_members,
        assignments,
        visits,
        backchecks,
        backcheck_responses,
        erasures,
        statistics,
        assessments,
        jobs,
        job_files,
        idempotency_keys,
        audit,
    ]
}

/// Which rows of a table a backup holds, as the condition of a query: a backup that was made by a job and waits to be
/// fetched is not in the next one.
pub(super) fn rows_kept(table: &Table) -> &'static str {
    match table.name.as_str() {
        "job_files" => " WHERE job_id NOT IN (SELECT id FROM jobs WHERE kind = 'backup')",
        _ => "",
    }
}

/// Tables that no backup needs, each with the reason: what they hold is worth nothing in another database.
#[cfg(test)]
const LEFT_OUT: [(&str, &str); 5] = [
    (
        "__diesel_schema_migrations",
        "the manifest lists the changes of the schema",
    ),
    ("sessions", "who is signed in there is not signed in here"),
    ("sign_in_failures", "limits of a server that is open to others"),
    ("scheduled_tasks", "who does what next, of servers that are running"),
    (
        "progress_counts",
        "counted anew by the triggers as the responses arrive",
    ),
];

/// What a database must be empty of to be restored into. What a command takes in from the folder of definitions by
/// itself is not among it.
pub(super) const MUST_BE_EMPTY: [&str; 5] = ["users", "responses", "imports", "assessments", "statistics"];

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::sql_types::Text;

    use super::*;
    use crate::store::Store;
    use crate::store::backend::Connection;

    #[derive(QueryableByName)]
    struct Named {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        column: String,
    }

    #[test]
    fn every_table_with_every_column_is_in_a_backup_or_left_out_for_a_reason() {
        let store = Store::open("sqlite::memory:").unwrap();
        let found: Vec<Named> = store
            .read(|connection| match connection {
                Connection::Sqlite(c) => Ok(diesel::sql_query(
                    "SELECT m.name AS name, c.name AS column FROM sqlite_master m, pragma_table_info(m.name) c
                     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
                )
                .load(*c)?),
                Connection::Postgres(_) => unreachable!("the address names SQLite"),
            })
            .unwrap();
        let listed: Vec<(String, String)> = all()
            .into_iter()
            .flat_map(|table| {
                table
                    .columns
                    .into_iter()
                    .map(move |column| (table.name.clone(), column.name))
            })
            .collect();
        let missing: Vec<String> = found
            .iter()
            .filter(|row| LEFT_OUT.iter().all(|(name, _)| *name != row.name))
            .filter(|row| !listed.contains(&(row.name.clone(), row.column.clone())))
            .map(|row| format!("{}.{}", row.name, row.column))
            .collect();
        assert!(
            missing.is_empty(),
            "not in the list of store/backup/tables.rs, so lost by a backup: {missing:?}"
        );
    }
}
