//! Who may ask, and what every answer has. Other pages of the same browser, and names that point here, get nothing.
use std::sync::OnceLock;

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header},
    middleware::Next,
    web::{Data, Path},
};
use subtle::ConstantTimeEq;

use super::{Desk, view};
use crate::{
    desk::transfer::paced,
    web::{policy, web_headers},
};

const COOKIE: &str = "meldkluis-desk";

/// Refuses a foreign Host or Origin, and whoever did not come in by the link; and cuts off a body that hardly comes.
pub(super) async fn guard(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let refused = request.app_data::<Data<Desk>>().is_none_or(|desk| refused(desk, request.request()));
    let mut answer = if refused {
        request.into_response(view::plain(StatusCode::FORBIDDEN, "desk-refused")).map_into_left_body()
    } else {
        let body = request.take_payload();
        request.set_payload(paced(body));
        next.call(request).await?.map_into_right_body()
    };
    static POLICY: OnceLock<String> = OnceLock::new();
    // Pictures that were decoded and encoded again here.
    web_headers(answer.headers_mut(), POLICY.get_or_init(|| policy(view::STYLE, "img-src 'self'; ")), "no-store");
    Ok(answer)
}

fn refused(desk: &Desk, request: &HttpRequest) -> bool {
    let text = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let host = text("host") == Some(desk.host.as_str());
    let origin = text("origin");
    // Browsers send an Origin with every POST.
    let ours = match origin {
        Some(origin) => origin.strip_prefix("http://") == Some(desk.host.as_str()),
        None => request.method() == Method::GET,
    };
    // A page of another program on this machine is none of ours, even where it only asks to look.
    let entering = request.path().starts_with("/open/");
    let from_here = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    // The link is led to from a file of the browser's own profile.
    let ours = ours && (entering || from_here);
    let cookies = text("cookie").unwrap_or_default().split("; ").filter_map(|cookie| cookie.split_once('='));
    let ours_is = |value: &str| bool::from(value.as_bytes().ct_eq(desk.session.as_bytes()));
    let known = cookies.into_iter().any(|(name, value)| name == COOKIE && ours_is(value));
    !(host && ours && (entering || known))
}

/// The link that was printed: it works once, and leaves the browser a cookie of this desk alone.
pub(super) async fn open(desk: Data<Desk>, token: Path<String>) -> HttpResponse {
    let Ok(mut link) = desk.link.lock() else { return view::plain(StatusCode::FORBIDDEN, "desk-refused") };
    let right = link.as_ref().is_some_and(|link| bool::from(link.as_bytes().ct_eq(token.as_bytes())));
    if !right {
        return view::plain(StatusCode::FORBIDDEN, "desk-link-used");
    }
    *link = None;
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", desk.session);
    // Not a redirect: a cookie that is strict is not sent along with one that began elsewhere.
    let mut answer = view::plain(StatusCode::OK, "desk-entered");
    if let Ok(cookie) = header::HeaderValue::from_str(&cookie) {
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    answer
}

/// Everything the routes do not know.
pub(super) async fn not_found() -> HttpResponse {
    view::plain(StatusCode::NOT_FOUND, "desk-not-found")
}
