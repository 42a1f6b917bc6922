//! What kinds of values a table's columns hold, read off the tables of `schema.rs`.

use diesel::expression::Expression;
use diesel::sql_types::{BigInt, Binary, Bool, Date, Double, Nullable, Text, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::json::{Json, Jsonb};

/// The kind of the values in a column, in the words of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A number.
    Integer,
    /// A number; what is not finite is a string.
    Double,
    /// 0 or 1.
    Bool,
    /// A string.
    Text,
    /// An object or a list, or a string that holds a JSON document, as all were in archives of the first format.
    Json,
    /// A string, `2026-11-26 08:30:00.25`, UTC.
    Timestamp,
    /// A string, `2026-11-26`.
    Date,
    /// A string in base64.
    Binary,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// An SQL type that the archive has a kind for.
pub(super) trait HasKind {
    const KIND: Kind;
}

macro_rules! kinds {
    ($($sql:ty => $kind:ident,)*) => { $(impl HasKind for $sql { const KIND: Kind = Kind::$kind; })* };
}
kinds! {
    BigInt => Integer,
    Double => Double,
    Bool => Bool,
    Text => Text,
    Json => Json,
    Jsonb => Json,
    Timestamp => Timestamp,
    Date => Date,
    Binary => Binary,
}

impl<T: HasKind + diesel::sql_types::SqlType> HasKind for Nullable<T>
where
    Nullable<T>: diesel::sql_types::SqlType,
{
    const KIND: Kind = T::KIND;
}

/// All columns of a table, as diesel lists them.
pub(super) trait Columns {
    fn columns() -> Vec<Column>;
}

macro_rules! tuples {
    ($first:ident) => {};
    ($first:ident $($rest:ident)+) => {
        impl<$first, $($rest),+> Columns for ($first, $($rest),+)
        where
            $first: diesel::Column + Expression<SqlType: HasKind>,
            $($rest: diesel::Column + Expression<SqlType: HasKind>),+
        {
            fn columns() -> Vec<Column> {
                vec![column::<$first>(), $(column::<$rest>()),+]
            }
        }
        tuples! { $($rest)+ }
    };
}
// As many columns as a table of diesel has where nothing else is asked for.
tuples! {
    C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12 C13 C14 C15 C16 C17 C18 C19 C20 C21 C22 C23 C24 C25 C26 C27 C28 C29 C30 C31 C32
}

fn column<C: diesel::Column + Expression<SqlType: HasKind>>() -> Column {
    Column {
        name: C::NAME.to_owned(),
        kind: <<C as Expression>::SqlType as HasKind>::KIND,
    }
}
