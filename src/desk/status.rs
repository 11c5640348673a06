//! With which status the desk's page says what went wrong, by the text that says it.
use actix_web::http::StatusCode;

/// The status of one of the texts of `web/i18n`: what has no line here is an act that cannot be done as the case stands.
pub(super) fn of(id: &str) -> StatusCode {
    match id.strip_prefix("desk-error-").unwrap_or(id) {
        // Who asks may not, whatever the case is.
        "account-unheard" | "auditor-reads" | "coordinator-reads" | "guest" | "guest-namesake" | "no-signer"
        | "not-coordinator" | "not-overseer" | "not-yours" | "oral-officer" | "oral-refused" | "oral-self"
        | "oral-topic" | "part" | "refused" | "sign-in" | "step-officer" | "unlisted" => StatusCode::FORBIDDEN,
        "no-protocol" | "no-request" | "nothing" | "step" => StatusCode::NOT_FOUND,
        // What was typed or chosen will not do.
        "account-long" | "card" | "duty-ground" | "empty" | "guest-keys" | "guest-large" | "guest-letters"
        | "guest-name" | "items" | "leave-why" | "link-itself" | "link-none" | "name" | "no-card" | "proof"
        | "proof-form" | "public" | "reason" | "reference" | "take-out-who" | "unfilled" | "until" | "words"
        | "desk-choose-items" | "desk-choose-reader" => StatusCode::UNPROCESSABLE_ENTITY,
        "much" => StatusCode::TOO_MANY_REQUESTS,
        "busy" => StatusCode::SERVICE_UNAVAILABLE,
        // The server is not there, or what it says cannot be.
        "answer" | "away" | "elsewhere" | "length" | "log" | "organisation" | "slow" | "swapped" => {
            StatusCode::BAD_GATEWAY
        }
        // This machine.
        "anchor" | "identity" | "keys" | "keys-there" | "no-identity" | "passphrase" | "remembered" => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        _ => StatusCode::CONFLICT,
    }
}
