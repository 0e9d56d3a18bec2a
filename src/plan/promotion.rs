//! A shadow made live in a configuration, checked as far as a plan goes.

use serde_json::Value;

use crate::config::{
    Service,
    promote::{Promotion, Refusal, promote},
};

use super::compile::compile;

/// See [`promote`]; what can't be compiled is refused as well.
///
/// # Errors
/// When it can't be, with the reason.
pub fn promoted(service: &Service, document: &Value, id: &str) -> Result<Promotion, Refusal> {
    let promotion = promote(service, document, id)?;
    let (_plan, findings) = compile(&promotion.service);
    if findings.any_error() {
        return Err(Refusal::Impossible("the result could not be run".to_owned()));
    }
    Ok(promotion)
}
