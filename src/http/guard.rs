//! The outermost middleware: what a handler may know of a request, and what every answer has.
use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};

use super::{App, limits::Visitor, onion::Door, pace::paced, page, stack::WipedAfter};
use crate::seal::code::Language;

/// Header values are slices of the connection's buffer and would keep a body in memory; the rest says who somebody is.
const KEPT: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::HOST,
    header::ORIGIN,
    header::AUTHORIZATION,
    HeaderName::from_static("sec-fetch-site"),
];

/// The reason phrase of every status (RFC 9112, section 4: it says nothing that counts).
const REASON: &str = "Answer";

/// Marks an answer that was built by [`page`], at the one size.
pub(crate) struct Whole;

/// Marks a page that a browser may come back to with what was typed on it. No seed of a code stands on it.
pub(crate) struct Returns;

/// Sheds headers, checks where a POST comes from, and gives every answer the same headers and, to reporters, one size.
pub(crate) async fn guard(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let _after = WipedAfter;
    shed(&mut request);
    let (mut today, mut https, mut expired) = (None, false, false);
    // Requests are kept for others: nothing of this one's sender stays with it.
    let sender = request.head_mut().peer_addr.take();
    let door = request.app_data::<Door>().copied().unwrap_or(Door::Clear);
    let mut onion = None;
    if let Some(app) = request.app_data::<Data<App>>().cloned() {
        let circuit = sender.filter(|_| door == Door::Onion);
        let visitor = circuit.map_or(Visitor::Clear, |circuit| Visitor::Circuit(app.limits.key(circuit.ip())));
        request.extensions_mut().insert(visitor);
        onion = app.config.onion.as_ref().and_then(|onion| onion.location.clone()).filter(|_| door == Door::Clear);
        (today, https) = (Some(app.clock.today()), app.config.https.is_some());
        expired = app.clock.today() > app.roster.expires && needs_roster(request.path());
        let body = request.take_payload();
        request.set_payload(paced(body, app.config.pace));
    }
    let api = request.path().starts_with("/api/");
    let language = if request.path().starts_with("/en/") { Language::En } else { Language::Nl };
    let foreign = !api && request.method() == Method::POST && !same_origin(request.headers());
    // Routes are found by the decoded path. None of ours needs an escape; what is checked here must be what is routed there.
    let escaped = request.path().contains('%');
    let refusal = |status| if api { HttpResponse::new(status) } else { page::problem(language, status) };
    let answer = if escaped {
        request.into_response(refusal(StatusCode::NOT_FOUND)).map_into_left_body()
    } else if foreign {
        request.into_response(refusal(StatusCode::FORBIDDEN)).map_into_left_body()
    } else if expired {
        // Promise 8: nothing is sealed to readers nobody vouches for any more.
        request.into_response(refusal(StatusCode::SERVICE_UNAVAILABLE)).map_into_left_body()
    } else {
        let answer = next.call(request).await?;
        let status = answer.status();
        if api && (status.is_client_error() || status.is_server_error()) {
            // The status says it all: a parser's message would repeat what was sent.
            let allow = answer.headers().get(header::ALLOW).cloned();
            let mut bare = HttpResponse::new(status);
            if let Some(methods) = allow {
                bare.headers_mut().insert(header::ALLOW, methods);
            }
            answer.into_response(bare).map_into_left_body()
        } else if api || answer.response().extensions().contains::<Whole>() {
            answer.map_into_boxed_body().map_into_right_body()
        } else {
            answer.into_response(page::problem(language, status)).map_into_left_body()
        }
    };
    let mut answer = answer;
    let returns = answer.response().extensions().contains::<Returns>();
    // "Unprocessable Entity" is longer than "OK": the status tells enough, and every answer has the same number of bytes.
    answer.response_mut().head_mut().reason = Some(REASON);
    page::headers(answer.headers_mut(), today, https, returns);
    if let Some(onion) = onion.filter(|_| !api) {
        page::lead_to(answer.headers_mut(), &onion, language);
    }
    Ok(answer)
}

/// What can be read without a code needs no readers.
fn needs_roster(path: &str) -> bool {
    path.starts_with("/api/") || path.contains("/report") || path.contains("/mailbox")
}

fn shed(request: &mut ServiceRequest) {
    let old = std::mem::take(request.headers_mut());
    let mut kept = HeaderMap::new();
    for name in KEPT {
        // Copied: a slice would pin the buffer it came in.
        if let Some(value) = old.get(&name).and_then(|v| HeaderValue::from_bytes(v.as_bytes()).ok()) {
            kept.insert(name, value);
        }
    }
    *request.headers_mut() = kept;
}

/// A form of ours, sent by a browser that says so. Tor Browser sends `Origin`; both count.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin";
    }
    let host = text(header::HOST);
    let origin = text(header::ORIGIN).and_then(|o| o.split_once("://")).map(|(_, host)| host);
    origin.is_some() && origin == host
}
