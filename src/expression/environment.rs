//! What an expression asks of the world outside its tree: the clock, randomness, and what only a form knows.

use chrono::{DateTime, FixedOffset, Local, NaiveDateTime, Offset, TimeZone};

/// The world outside the tree, given by the caller so that evaluation itself is a pure function.
///
/// Only the clock is required. The other methods stand for what belongs to the device that filled a form in; by
/// default they answer `None`, which makes the function that asks for them an evaluation error.
pub trait Environment {
    /// The moment that `now()` and `today()` mean, in the offset that dates without one are read in.
    fn now(&self) -> DateTime<FixedOffset>;

    /// The offset of the local time zone at a local time. The offset of [`Environment::now`] unless a zone with summer
    /// time is known.
    fn offset_at(&self, _local: NaiveDateTime) -> FixedOffset {
        *self.now().offset()
    }

    /// A number from 0 (included) to 1 (not included), for `random()`, `randomize()` and `uuid(length)`.
    fn random(&self) -> Option<f64> {
        None
    }

    /// A new version 4 UUID, for `uuid()`.
    fn uuid(&self) -> Option<String> {
        None
    }

    /// `pulldata(list, column, key_column, key)`: a cell of an attached list; an empty text where no row has the key.
    fn pulldata(&self, _list: &str, _column: &str, _key_column: &str, _key: &str) -> Option<String> {
        None
    }

    /// `jr:choice-name(value, question)`: the label of a choice. `question` is as it was written: a path or `${name}`.
    fn choice_label(&self, _value: &str, _question: &str) -> Option<String> {
        None
    }

    /// `jr:itext(id)`: a text of the form in the language of the interview.
    fn itext(&self, _id: &str) -> Option<String> {
        None
    }

    /// `property(name)`: a setting of the device, such as `deviceid` or `username`.
    fn property(&self, _name: &str) -> Option<String> {
        None
    }

    /// `version()`: the version of the form.
    fn version(&self) -> Option<String> {
        None
    }

    /// `extract-signed(message, public_key)`: the contents of a signed code, empty where the signature is wrong.
    fn extract_signed(&self, _message: &str, _public_key: &str) -> Option<String> {
        None
    }
}

/// The machine's own clock, time zone and random numbers. For the command line; a response brings its own time.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

impl Environment for WallClock {
    fn now(&self) -> DateTime<FixedOffset> {
        Local::now().fixed_offset()
    }

    fn offset_at(&self, local: NaiveDateTime) -> FixedOffset {
        Local
            .offset_from_local_datetime(&local)
            .earliest()
            .map_or_else(|| *self.now().offset(), |offset| offset.fix())
    }

    fn random(&self) -> Option<f64> {
        Some(rand::random())
    }

    fn uuid(&self) -> Option<String> {
        Some(uuid::Uuid::new_v4().to_string())
    }
}
