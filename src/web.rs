//! What our pages share, the reporter's and the desk's own: the headers that keep a page to itself.
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

/// A content security policy for pages with this style inline. `more` is what they may do besides: directives that end in "; ".
pub(crate) fn policy(style: &str, more: &str) -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(style.as_bytes()));
    format!(
        "default-src 'none'; {more}style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'; frame-src 'none'"
    )
}

/// Sets the headers of a page.
pub(crate) fn web_headers(headers: &mut HeaderMap, policy: &str, cache: &'static str) {
    let fixed = [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cache-control", cache),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ];
    for (name, value) in fixed {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
