//! The framework, indicators and the assessment: pure functions on numbers.
