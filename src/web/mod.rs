//! The HTTP server: handlers parse, call, answer.
