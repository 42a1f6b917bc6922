//! The scored workbook and data exports.
