//! What changed in the roster since its reader last said that they had read it.
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    Desk,
    answer::{MaybeForm, answer, fields},
    readers::chosen,
    view,
};
use crate::text::Texts;

#[derive(Template)]
#[template(path = "desk/roster_news.html")]
struct News {
    t: Texts,
    lines: Vec<String>,
}

/// The page, and that it was read.
pub(super) async fn news(desk: Data<Desk>, request: HttpRequest, lang: Path<String>, form: MaybeForm) -> HttpResponse {
    answer(&desk, &request, &lang, fields(form), async |open, t, sent| {
        if chosen(&sent, "do") == Some("read") {
            open.client.roster_read()?;
            return Ok(view::see_other(&format!("/{}/inbox", t.lang())));
        }
        let page = News { t, lines: open.client.roster_changes().iter().map(|line| t.say(line)).collect() };
        let title = t.get("roster-news-title");
        Ok(view::page(t, StatusCode::OK, &title, &open.client, &page.render().unwrap_or_default()))
    })
    .await
}
