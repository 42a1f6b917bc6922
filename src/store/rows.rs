//! Inserting many rows at once, in the way that each of the databases likes best.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, SingleValue};

use super::backend::Connection;

/// How many rows go into one statement where there are more. SQLite binds 32,766 values at most. On PostgreSQL each statement leaves
/// a state of the counts of progress behind, and all later ones of the transaction read over it: few statements, little to read over.
pub(super) fn rows_at_once(connection: &Connection<'_>) -> usize {
    match connection {
        Connection::Sqlite(_) => 500,
        Connection::Postgres(_) => 4_000,
    }
}

/// Rows that PostgreSQL takes as an array for each column. It is the same statement for any number of rows, so that a
/// connection has it parsed and planned once.
pub(super) trait InArrays: Sized {
    /// The statement that inserts them.
    fn in_arrays(rows: &[Self]) -> impl QueryFragment<Pg> + QueryId + RunQueryDsl<PgConnection>;
}

/// Says which columns of a table the fields of a row go to: those of the same names. The compiler tells of one that is missing.
macro_rules! in_arrays {
    ($row:ty => $table:ident: $($column:ident),+) => {
        impl $crate::store::rows::InArrays for $row {
            fn in_arrays(
                rows: &[Self],
            ) -> impl diesel::query_builder::QueryFragment<diesel::pg::Pg>
            + diesel::query_builder::QueryId
            + diesel::RunQueryDsl<diesel::PgConnection> {
                let _every_field = |Self { $($column: _),+ }: &Self| ();
                let columns = ($(
                    $crate::store::rows::unnest::<diesel::dsl::SqlTypeOf<$table::$column>, _>(
                        rows.iter().map(|row| &row.$column).collect::<Vec<_>>(),
                    ),
                )+);
                diesel::insert_into($table::table)
                    .values(diesel::select(columns))
                    .into_columns(($($table::$column,)+))
            }
        }
    };
}
pub(super) use in_arrays;

/// Inserts a slice of rows.
macro_rules! insert_rows {
    ($connection:expr, $table:expr, $rows:expr) => {
        match ($rows, &mut *$connection) {
            ([], _) => {}
            // A statement that SQLite prepares once, too.
            ([row], $crate::store::backend::Connection::Sqlite(c)) => {
                diesel::insert_into($table).values(row).execute(*c)?;
            }
            (rows, $crate::store::backend::Connection::Sqlite(c)) => {
                diesel::insert_into($table).values(rows).execute(*c)?;
            }
            (rows, $crate::store::backend::Connection::Postgres(c)) => {
                $crate::store::rows::InArrays::in_arrays(rows).execute(*c)?;
            }
        }
    };
}
pub(super) use insert_rows;

diesel::define_sql_function! {
    /// A row for each element of an array.
    fn unnest<T: SingleValue + 'static>(elements: Array<T>) -> T;
}

/// Four statements that write as one, so that the server is waited for once.
#[derive(QueryId)]
pub(super) struct Together<A, B, C, D>(pub(super) A, pub(super) B, pub(super) C, pub(super) D);

impl<A, B, C, D> QueryFragment<Pg> for Together<A, B, C, D>
where
    A: QueryFragment<Pg>,
    B: QueryFragment<Pg>,
    C: QueryFragment<Pg>,
    D: QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH first AS (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql("), second AS (");
        self.1.walk_ast(out.reborrow())?;
        out.push_sql("), third AS (");
        self.2.walk_ast(out.reborrow())?;
        out.push_sql(") ");
        self.3.walk_ast(out)
    }
}

impl<A, B, C, D> RunQueryDsl<PgConnection> for Together<A, B, C, D> {}
