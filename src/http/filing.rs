//! The end of filing: a first item is sealed to its readers and stored with its case, in one transaction.
use uuid::Uuid;

use super::{
    App,
    rooms::{ADVICE, REPORT},
};
use crate::{
    domain::{
        case::{Case, RESERVE_DAYS},
        id::{CaseId, ItemId, OrgId},
        order::Before,
        roster::Reader,
        routing::Readers,
    },
    form::Answers,
    seal::{
        Author, ItemHead, Kind, Origin, Plaintext, Recipients,
        code::{Code, Language},
        item,
    },
    store::{Filed, NewItem, Payload, StoreError},
};

/// What a case begins with.
pub(super) struct First<'a> {
    /// The room of the code it is filed in.
    pub(super) room: u8,
    /// What its first item is.
    pub(super) kind: Kind,
    /// Whose case it is.
    pub(super) org: OrgId,
    /// Who reads at once.
    pub(super) now: &'a [Reader],
    /// Who reads if nobody opened it in time.
    pub(super) reserve: Option<&'a Reader>,
    /// What the reporter wrote.
    pub(super) body: Plaintext,
    /// The language of the page.
    pub(super) language: Language,
    /// The case of the same code it is filed from.
    pub(super) from: Option<CaseId>,
}

/// A code opens one case of the form: what was sent with it before stands, in whichever of its two rooms.
pub(super) async fn file(
    app: &App,
    (language, answers): (Language, Answers),
    readers: &Readers,
    code: &Code,
) -> Result<Filed, StoreError> {
    let (room, other, kind) =
        if answers.is_report() { (REPORT, ADVICE, Kind::Report) } else { (ADVICE, REPORT, Kind::Advice) };
    // In its own room the store itself finds what is there.
    if app.store.case_by_lookup(&code.keys(&app.roster.instance, other).lookup).await?.is_some() {
        return Ok(Filed::Already);
    }
    let org = answers.org.clone().ok_or(StoreError::Conflict)?;
    let body = answers.into_story().into_body();
    let (now, reserve) = (readers.now(), readers.reserve());
    file_first(app, code, First { room, kind, org, now, reserve, body, language, from: None }).await
}

/// Files a case in a room of a code. What was filed there before stands.
pub(super) async fn file_first(app: &App, code: &Code, first: First<'_>) -> Result<Filed, StoreError> {
    let failed = |e: crate::seal::SealError| StoreError::Unavailable(Box::new(e));
    let today = app.day_stored().await?;
    let instance = &app.roster.instance;
    let keys = code.keys(instance, first.room);
    let public = keys.filed(instance);
    let (id, first_item) = (public.case(instance), ItemId::from_uuid(Uuid::new_v4()));
    let origin = Origin { lang: Some(first.language), from: first.from, org: Some(first.org.clone()) };
    let case = Case::filed(id, keys.lookup, first.org, today);
    let to = Recipients::of(first.now.iter().chain(first.reserve)).map_err(failed)?;
    let head = ItemHead {
        instance: app.roster.instance,
        case: id,
        item: first_item,
        kind: first.kind,
        author: Author::Reporter,
        seq: 0,
        seen: [0; 32],
        before: Before::default(),
        day: today,
        name: None,
        to: to.readers(),
        reporter: Some(public),
        proof: None,
        unread: Vec::new(),
        origin,
    };
    let (slots, payload) = item(head, first.body, &keys.signer, &to).map_err(failed)?.into_parts();
    let reserve = first.reserve.map(Reader::keyed);
    let reserve = reserve.as_ref().map(|keyed| (keyed, today.plus_days(RESERVE_DAYS)));
    let slots = app.post.first_rows(&case, &first_item, slots, reserve, first.kind == Kind::Advice);
    let item =
        NewItem { id: first_item, slots, aside: None, readers: Vec::new(), payload: Payload::Inline(payload), most: 1 };
    app.store.file(&case, &item).await
}
