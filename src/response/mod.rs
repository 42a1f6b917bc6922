//! Typed answers and the one way in that every door uses.
