//! `innogauge openapi`: the API's description, without a server.

use super::Failure;
use super::fieldwork::print_json;
use crate::web::{mounted, openapi};

/// Prints the document that a server gives at `/api/v1/openapi.json`.
pub fn run() -> Result<(), Failure> {
    print_json(&openapi::document(&mounted()))
}
