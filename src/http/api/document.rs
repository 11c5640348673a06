//! The API document (OpenAPI 3.1), made from the handlers and types that answer. `docs/openapi.json` is a copy of it.
use std::sync::OnceLock;

use actix_web::HttpResponse;
use utoipa::{
    IntoResponses, Modify, OpenApi, ToSchema,
    openapi::{
        OpenApi as Document,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::api_types::{Adding, filing::NewCase};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Meldkluis: the readers' API",
        description = "What a reader's desk asks of the server. Everything a person wrote travels sealed (age), to be opened at the \
                       desk only.\n\nErrors have no body: the status says it all, and nothing that was sent comes back. What is no \
                       whole HTTP request is refused before any route, with 400, 408 or 431. A path with a percent escape is \
                       nowhere."
    ),
    servers((url = "/api/v1")),
    paths(
        super::session::challenge,
        super::session::sign_in,
        super::roster,
        super::inbox,
        super::case,
        super::file::file,
        super::add::add,
        super::items::items,
        super::items::item,
        super::share::share,
        super::oversee::overview,
        super::oversee::hold,
        super::oversee::memo,
        super::log::read_log,
        super::log::add_record,
        super::log::chain,
        super::leave::leave,
        super::leave::take_out,
        super::away::away,
        super::away::until,
        self::openapi
    ),
    components(schemas(Adding, NewCase)),
    modifiers(&Bearer)
)]
struct Api;

/// What a sign-in gives.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The token of a sign-in."));
        let parts = document.components.get_or_insert_default();
        parts.add_security_scheme("bearer", SecurityScheme::Http(token.build()));
    }
}

/// What every route may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it is only described")]
pub(super) enum Anywhere {
    /// Nothing of the kind is here, or not for this reader.
    #[response(status = 404)]
    Nowhere,
    /// Another method; `Allow` names the one there is.
    #[response(status = 405)]
    Method,
    /// The server's roster has expired, or its database, its files or their disk are away or full. Ask again later.
    #[response(status = 503)]
    Away,
}

/// What a route that takes JSON may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it is only described")]
pub(super) enum TakesJson {
    /// The body is not what it should be, or not `application/json`.
    #[response(status = 400)]
    Unreadable,
    /// The body is over 64 KiB.
    #[response(status = 413)]
    TooLarge,
}

/// What a route for readers may answer.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it is only described")]
pub(super) enum ForReaders {
    /// Sign in, again perhaps: a token holds eight hours, and while its reader's keys are in the roster.
    #[response(status = 401)]
    SignIn,
    /// What the database holds is not what was put there.
    #[response(status = 500)]
    Damaged,
}

/// An ordinary age file: the reader's header, then the payload.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(super) struct AgeFile(#[expect(dead_code, reason = "it is only described")] Vec<u8>);

/// For each item its id (16 bytes), whether the reporter has a slot of it (1 byte: 1 or 0), a length (4 bytes, big-endian), and so many bytes
/// of an ordinary age file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(super) struct Bundle(#[expect(dead_code, reason = "it is only described")] Vec<u8>);

/// Version (1 byte, `01`), length of the head (4 bytes, big-endian, at most 65536), head (JSON, `Adding`), age payload to the end.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(super) struct Envelope(#[expect(dead_code, reason = "it is only described")] Vec<u8>);

/// As the envelope of an item, with `NewCase` as its head.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(super) struct CaseEnvelope(#[expect(dead_code, reason = "it is only described")] Vec<u8>);

/// The document, as it is served.
pub fn document() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| Api::openapi().to_pretty_json().map(|text| text + "\n").unwrap_or_default())
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "service",
    responses((status = 200, description = "OpenAPI 3.1.", body = Object), Anywhere)
)]
pub(super) async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document())
}
