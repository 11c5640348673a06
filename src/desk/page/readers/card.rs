//! A guest's card: saved for the guest, and sent along when the reporter is asked.
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Path},
};
use askama::Template;

use super::{back, no_guest, shown, text_of, typed};
use crate::{
    desk::{
        DeskError, ask_consent_for_guest,
        case_words::guest_name,
        guest::card as card_in,
        page::{
            Desk, Fields,
            answer::{Answer, Fault, MaybeForm, answer, case_of, fields},
            case::refresh_with_files,
            hand_over::{Choice, asked_for, chosen_items, item_choices, unfetched},
            language::only_shown,
            lock::Unlocked,
            view::Wrong,
        },
    },
    domain::guest::GuestCard,
    seal::Plaintext,
    text::Texts,
};

#[derive(Template)]
#[template(path = "desk/guest_card.html")]
struct Card {
    t: Texts,
    case: crate::domain::id::CaseId,
    name: String,
    card: String,
    /// What the guest types, as whole as it is known here.
    command: String,
    items: Vec<Choice>,
    unfetched: Option<String>,
    reason: Plaintext,
    error: Option<Wrong>,
}

/// The card, and the request that goes to the reporter.
pub(super) async fn page(
    open: &mut Unlocked,
    t: Texts,
    card: &GuestCard,
    sent: &Fields,
    error: Option<Wrong>,
) -> Answer {
    refresh_with_files(open, &card.case).await?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Card {
        t,
        case: card.case,
        name: guest_name(t, card),
        command: format!(
            "meldkluis-desk --server {} --root anchor.toml --identity {}.key --card meldkluis-card.json open",
            open.client.address(),
            card.guest.id
        ),
        card: serde_json::to_string(card).map_err(|e| DeskError::new(e.to_string()))?,
        items: item_choices(open, t, &card.case, (!sent.is_empty()).then_some(&chosen_items(sent))),
        unfetched: unfetched(open, t, &card.case),
        reason: text_of(sent, "text"),
        error,
    };
    Ok(shown(open, t, status, "desk-guest-card-title", &page))
}

/// The card as a file, for the guest.
pub(super) async fn save(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |_, _, sent| {
        let card = card_in(typed(&sent, "card").as_bytes()).map_err(|_| Fault::NotFound)?;
        let body = serde_json::to_vec_pretty(&card).map_err(|e| DeskError::new(e.to_string()))?;
        let file = (header::CONTENT_DISPOSITION, "attachment; filename=\"meldkluis-card.json\"");
        Ok(HttpResponse::Ok().content_type("application/json").insert_header(file).body(body))
    })
    .await
}

/// Asks the reporter.
pub(super) async fn ask(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    form: MaybeForm,
) -> HttpResponse {
    answer(&desk, &request, &path.0, fields(form), async |open, t, sent| {
        no_guest(open)?;
        let id = case_of(&path.1)?;
        let Ok(card) = card_in(typed(&sent, "card").as_bytes()) else { return Ok(back(t, &id)) };
        if only_shown(&sent) && card.case == id {
            return page(open, t, &card, &sent, None).await;
        }
        let items = chosen_items(&sent);
        let asked = if items.is_empty() {
            Err(DeskError::known("desk-choose-items"))
        } else {
            ask_consent_for_guest(&open.client, &id, card.clone(), text_of(&sent, "text"), &items).await
        };
        match asked {
            Ok(_) => Ok(asked_for(t, &id)),
            // Of another case there is no page here.
            Err(error) if card.case != id => super::page(open, t, &id, Some(error)).await,
            Err(error) => page(open, t, &card, &sent, Some(Wrong::of(t, &error))).await,
        }
    })
    .await
}
