//! The outermost middleware: what a handler may know of a request, and what every answer has.
use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};

use super::{
    App,
    frame::{Around, Content, Way, Whole},
    limits::Visitor,
    onion::Door,
    pace::paced,
    page,
    stack::WipedAfter,
};
use crate::{config::Intake, seal::code::Language};

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

/// Marks a page that a browser may come back to with what was typed on it. No seed of a code stands on it.
pub(crate) struct Returns;

/// Sheds headers, checks where a POST comes from, and gives every answer the same headers and, to reporters, one size.
pub(crate) async fn guard(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let _after = WipedAfter;
    shed(&mut request);
    // Requests are kept for others: nothing of this one's sender stays with it.
    let sender = request.head_mut().peer_addr.take();
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return Ok(request.into_response(HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR)));
    };
    let door = request.app_data::<Door>().copied().unwrap_or(Door::Clear);
    let circuit = sender.filter(|_| door == Door::Onion);
    let visitor = circuit.map_or(Visitor::Clear, |circuit| Visitor::Circuit(app.limits.key(circuit.ip())));
    request.extensions_mut().insert(visitor);
    let body = request.take_payload();
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // A file streams on; the readers' API knows who sends, and reads a head before the rest.
    let held = (!kind.starts_with("multipart/") && !request.path().starts_with("/api/")).then(|| app.forms.one());
    request.set_payload(paced(body, app.config.pace, held));
    let api = request.path().starts_with("/api/");
    if !api && request.method() == Method::HEAD {
        // The headers of what a GET gets; the connection leaves its body out (RFC 9110, section 9.3.2).
        request.head_mut().method = Method::GET;
    }
    let language = if request.path().starts_with("/en/") { Language::En } else { Language::Nl };
    let onion = app.config.onion.as_ref().and_then(|onion| onion.location.clone()).filter(|_| door == Door::Clear);
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let around = Around { mode: app.roster.mode, way: Way::of(door, host), onion };
    let answer = match refused(&app, &request, door) {
        Some(refused) if api => request.into_response(HttpResponse::new(refused.status())),
        Some(Refused::OnlyOnion) => {
            request.into_response(page::only_onion(language, around.onion.as_deref().unwrap_or_default()))
        }
        Some(refused) => request.into_response(page::problem(language, refused.status())),
        None => next.call(request).await?.map_into_boxed_body(),
    };
    let mut answer = if api { bare(answer) } else { whole(answer, language, &around) };
    let returns = answer.response().extensions().contains::<Returns>();
    // "Unprocessable Entity" is longer than "OK": the status tells enough, and every answer has the same number of bytes.
    answer.response_mut().head_mut().reason = Some(REASON);
    page::headers(answer.headers_mut(), app.clock.today(), app.config.https.is_some(), returns);
    if let Some(onion) = around.onion.filter(|_| !api) {
        page::lead_to(answer.headers_mut(), &onion, language);
    }
    Ok(answer)
}

/// Why a request never reaches its handler.
enum Refused {
    Escaped,
    Foreign,
    OnlyOnion,
    Expired,
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Self::Escaped => StatusCode::NOT_FOUND,
            Self::Foreign | Self::OnlyOnion => StatusCode::FORBIDDEN,
            Self::Expired => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

fn refused(app: &App, request: &ServiceRequest, door: Door) -> Option<Refused> {
    let path = request.path();
    let api = path.starts_with("/api/");
    if path.contains('%') {
        // Routes are found by the decoded path. None of ours needs an escape; what is checked here must be what is routed there.
        Some(Refused::Escaped)
    } else if !api && request.method() == Method::POST && !same_origin(request.headers()) {
        Some(Refused::Foreign)
    } else if app.config.intake == Intake::Onion && door == Door::Clear && is_intake(path) {
        Some(Refused::OnlyOnion)
    } else if app.clock.today() > app.roster.expires && (api || is_intake(path)) {
        // Promise 8: nothing is sealed to readers nobody vouches for any more. What can be read without a code needs no readers.
        Some(Refused::Expired)
    } else {
        None
    }
}

/// An error of the API has no body: the status says it all, and a parser's message would repeat what was sent.
fn bare(answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = answer.status();
    if !status.is_client_error() && !status.is_server_error() {
        return answer;
    }
    let mut bare = HttpResponse::new(status);
    if let Some(methods) = answer.headers().get(header::ALLOW) {
        bare.headers_mut().insert(header::ALLOW, methods.clone());
    }
    answer.into_response(bare)
}

/// The page of an answer in its frame, or one for its status where no handler made any.
fn whole(answer: ServiceResponse<BoxBody>, language: Language, around: &Around) -> ServiceResponse<BoxBody> {
    if answer.response().extensions().contains::<Whole>() {
        return answer;
    }
    let ours = answer.response().extensions().contains::<Content>();
    let status = answer.status();
    let mut answer = if ours { answer } else { answer.into_response(page::problem(language, status)) };
    let content = answer.response_mut().extensions_mut().remove::<Content>();
    answer.map_body(|_, _| BoxBody::new(content.map(|content| content.framed(around)).unwrap_or_default()))
}

/// The form and the mailbox.
fn is_intake(path: &str) -> bool {
    path.contains("/report") || path.contains("/mailbox")
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
