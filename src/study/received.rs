//! What a version of a response was when it arrived.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::response::{Answers, Form, instance};
use crate::store::{StoreError, Version};

/// The answers of a version as they were received, in force or not: read from what came, an instance or JSON, where that is kept,
/// else the answers in force. What was wrong with them was found when they came.
///
/// # Errors
/// Where the answers that are kept are no JSON.
pub fn received_answers(form: &Arc<Form>, version: &Version) -> Result<Answers, StoreError> {
    if let Some(original) = version.original.as_deref() {
        if let Ok(json) = serde_json::from_slice::<Json>(original) {
            return Ok(Answers::from_json(form, &json).0);
        }
        if let Ok((answers, _)) = instance::read(original, form) {
            return Ok(answers);
        }
    }
    let json: Json = version.answers.read()?;
    Ok(Answers::from_json(form, &json).0)
}
