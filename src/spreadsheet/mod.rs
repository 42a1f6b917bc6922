//! Blank workbooks, and reading the workbooks that people filled in.
