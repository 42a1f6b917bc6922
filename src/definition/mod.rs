//! The survey definition as a type: reading, checking, versions.
