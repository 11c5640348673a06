//! Locking: the keys are in memory only while somebody works. It waits for nobody: what is under way is dropped. What was typed before the
//! lock is kept on the page that asks.
use std::{collections::HashMap, sync::Arc, time::Instant};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{HeaderValue, SET_COOKIE},
    },
    rt::task::spawn_blocking,
    web::{Data, Path},
};
use age::secrecy::SecretString;
use askama::Template;
use tokio::sync::{MappedMutexGuard, MutexGuard};
use uuid::Uuid;

use super::{
    Desk, Fields,
    answer::{MaybeForm, fields},
    draft, keys, language,
    preview::Last,
    view,
};
use crate::{
    desk::{
        Client, DeskError, Identity, Item, case_words::CaseWords, client::UNLISTED, guest::with_card_of, guide::Guide,
        summary::Summaries,
    },
    domain::{id::CaseId, roster::Mode},
    seal::Plaintext,
    text::Texts,
};

/// What is there only while the desk is unlocked.
pub(super) struct Unlocked {
    /// The signed-in reader, with their keys.
    pub(super) client: Client,
    /// What was opened, by case.
    pub(super) cases: HashMap<CaseId, Vec<Item>>,
    /// The beginnings of all cases.
    pub(super) summaries: Summaries,
    /// Which guides were seen.
    pub(super) guide: Guide,
    /// The page of a document that was drawn last.
    pub(super) drawn: Option<Last>,
}

impl Unlocked {
    /// What was opened of a case, to be put into words.
    pub(super) fn words(&self, t: Texts, case: &CaseId) -> CaseWords<'_> {
        CaseWords::of(&self.client, t, self.cases.get(case).map(Vec::as_slice).unwrap_or_default())
    }
}

/// The unlocked desk, for one request.
pub(super) type Opened<'a> = MappedMutexGuard<'a, Unlocked>;

#[derive(Template)]
#[template(path = "desk/lock.html")]
struct Lock<'a> {
    t: Texts,
    path: &'a str,
    fields: &'a Fields,
    error: Option<String>,
    unlisted: Option<Unlisted>,
    /// Something was being written when it was locked.
    draft: bool,
}

/// Whoever has keys that are in no roster yet.
struct Unlisted {
    /// They tried no copy of them either.
    untried: bool,
}

impl Desk {
    /// The unlocked desk; or the page that asks for the passphrase and keeps what was sent. A passphrase that came along unlocks.
    pub(super) async fn unlocked(
        &self,
        t: Texts,
        request: &HttpRequest,
        fields: &mut Fields,
    ) -> Result<Opened<'_>, HttpResponse> {
        let passphrase = take(fields, "passphrase");
        let mut open = self.open.lock().await;
        if open.is_none() {
            if !self.identity.exists() {
                return Err(view::see_other(&format!("/{}/first", t.lang())));
            }
            let (path, typed) = (language::address(t, request.path()), passphrase.is_some());
            // Whose passphrase was typed for the page about the keys is not asked for it again, until the lock.
            let me = match (passphrase, self.kept()) {
                (Some(passphrase), _) => self.load(&passphrase).await.map(Arc::new),
                (None, Some(me)) if self.card.is_none() || me.card.is_some() => Ok(me),
                (None, _) => return Err(ask(self, t, &path, fields, None)),
            };
            let unlocked = match me {
                Ok(me) => self.unlock(me).await,
                Err(error) => Err(error),
            };
            match unlocked {
                Ok(unlocked) => *open = Some(unlocked),
                Err(error) if error.id == Some(UNLISTED) => {
                    let untried = self.kept().is_some_and(|me| keys::tried(self, &me).is_none());
                    return Err(unlisted(t, self.mode(), (&path, fields), untried));
                }
                Err(error) => return Err(ask(self, t, &path, fields, Some(error.in_words(t)))),
            }
            if let Some(page) = self.draft_page(t).filter(|page| fields.is_empty() && *page != path) {
                return Err(view::see_other(&page));
            }
            let untried = open.as_ref().is_some_and(|open| keys::tried(self, &open.client.me).is_none());
            // Keys that the demo made have no passphrase, and are made again with it.
            let own = self.mode() != Some(Mode::Demo) || Identity::is_protected(&self.identity);
            if fields.is_empty() && typed && untried && own && self.draft_page(t).is_none() {
                return Err(view::see_other(&format!("/{}/keys", t.lang())));
            }
            if fields.is_empty() && request.method() == Method::POST {
                return Err(view::see_other(&language::address(t, request.path())));
            }
        }
        if let Some(open) = open.as_ref() {
            self.give_draft_back(&open.client.me, request.path(), fields);
        }
        MutexGuard::try_map(open, Option::as_mut)
            .map_err(|_| view::plain(StatusCode::INTERNAL_SERVER_ERROR, "desk-refused"))
    }

    async fn load(&self, passphrase: &Plaintext) -> Result<Identity, DeskError> {
        let (path, typed) = (self.identity.clone(), String::from_utf8_lossy(passphrase.reveal()).into_owned());
        // The passphrase is slow to check on purpose.
        let load = spawn_blocking(move || Identity::load(&path, || Ok(SecretString::from(typed))));
        let me = load.await.map_err(|e| DeskError::new(e.to_string()))??;
        with_card_of(me, self.card.as_deref())
    }

    async fn unlock(&self, me: Arc<Identity>) -> Result<Unlocked, DeskError> {
        let signed_in = Client::sign_in(&self.place, Arc::clone(&me)).await;
        if signed_in.as_ref().is_err_and(|error| error.id == Some(UNLISTED)) {
            self.keep(me);
        }
        let client = signed_in?;
        client.keys_work().await?;
        if let Ok(mut mode) = self.mode.lock() {
            *mode = Some(client.roster.mode);
        }
        let summaries = Summaries::load(&self.identity, &client.me);
        let guide = Guide::load(&self.identity, &client.me);
        Ok(Unlocked { client, cases: HashMap::new(), summaries, guide, drawn: None })
    }

    /// What the service is for, from the roster that was verified last.
    pub(super) fn mode(&self) -> Option<Mode> {
        self.mode.lock().ok().and_then(|mode| *mode)
    }

    /// Does something unless the desk is locked meanwhile: that drops it where it stands, with the keys it holds, and gives `None`.
    pub(super) async fn unless_locked<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut locking = self.locking.subscribe();
        self.in_use();
        let done = tokio::select! {
            biased;
            _ = locking.changed() => None,
            done = work => Some(done),
        };
        self.in_use();
        done
    }

    /// The keys, where they are in memory.
    pub(super) async fn mine(&self) -> Option<Arc<Identity>> {
        self.in_use();
        if let Some(open) = self.open.lock().await.as_ref() {
            return Some(Arc::clone(&open.client.me));
        }
        self.kept()
    }

    /// The keys that are kept for the page about them.
    fn kept(&self) -> Option<Arc<Identity>> {
        self.keys.lock().ok()?.clone()
    }

    /// Keeps the keys for the page about them.
    pub(super) fn keep(&self, me: impl Into<Arc<Identity>>) {
        self.in_use();
        if let Ok(mut keys) = self.keys.lock() {
            *keys = Some(me.into());
        }
    }

    fn in_use(&self) {
        if let Ok(mut used) = self.used.lock() {
            *used = Instant::now();
        }
    }

    /// Forgets the keys and everything opened, whatever is under way; what came with the button that locks is kept for its reader.
    /// Says whether there was anything to forget.
    async fn forget(&self, sent: Fields) -> bool {
        self.locking.send_replace(());
        let mut open = self.open.lock().await;
        if let Some(open) = open.as_ref() {
            self.keep_draft(&open.client.me, sent);
        }
        let there = open.take().is_some();
        if let Ok(mut keys) = self.keys.lock() {
            *keys = None;
        }
        there
    }

    /// Whether the passphrase is asked for first.
    pub(super) async fn is_locked(&self) -> bool {
        self.open.lock().await.is_none()
    }

    /// Forgets the keys and everything opened when nobody asked for anything for so long, and nothing was answered.
    pub(super) async fn lock_if_idle(&self) {
        if self.used.lock().is_ok_and(|used| used.elapsed() >= self.idle) {
            self.forget(Fields::new()).await;
        }
    }
}

/// Takes a field out of a form.
pub(super) fn take(fields: &mut Fields, name: &str) -> Option<Plaintext> {
    let at = fields.iter().position(|(n, _)| n == name)?;
    Some(fields.swap_remove(at).1)
}

/// What the page that asks for the passphrase keeps of a form.
pub(super) fn kept(fields: &Fields) -> Fields {
    let kept = fields.iter().filter(|(name, _)| name != "passphrase");
    kept.map(|(name, text)| (name.clone(), Plaintext::from(text.reveal().to_vec()))).collect()
}

/// The page that asks for the passphrase.
pub(super) fn ask(desk: &Desk, t: Texts, path: &str, fields: &Fields, error: Option<String>) -> HttpResponse {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Lock { t, path, fields, error, unlisted: None, draft: desk.draft_page(t).is_some() };
    forgotten(view::page(t, status, &t.get("desk-lock-title"), desk.mode(), &page.render().unwrap_or_default()))
}

/// A browser keeps pages in memory as they were, for its Back; those that are not to be stored it forgets when a cookie changes.
fn forgotten(mut answer: HttpResponse) -> HttpResponse {
    let value = Uuid::new_v4().simple();
    let cookie = format!("meldkluis-lock={value}; HttpOnly; SameSite=Strict; Path=/");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        answer.headers_mut().insert(SET_COOKIE, cookie);
    }
    answer
}

/// The page of somebody whom no roster names with these keys yet: what to do until one does.
fn unlisted(t: Texts, mode: Option<Mode>, (path, fields): (&str, &Fields), untried: bool) -> HttpResponse {
    let page = Lock { t, path, fields, error: None, unlisted: Some(Unlisted { untried }), draft: false };
    let body = page.render().unwrap_or_default();
    view::page(t, StatusCode::FORBIDDEN, &t.get("desk-unlisted-title"), mode, &body)
}

/// Locks at once, and keeps what was being written.
pub(super) async fn lock(desk: Data<Desk>, lang: Path<String>, form: MaybeForm) -> HttpResponse {
    let (t, sent) = (view::texts(&lang), fields(form));
    let mut typed = kept(&sent);
    // It had locked itself before: there was no key to seal with, and the page that asks for the passphrase keeps it.
    if !desk.forget(sent).await
        && let Some(page) = draft::page_of(&mut typed)
    {
        language::show_only(&mut typed);
        return ask(&desk, t, &format!("/{}/{page}", t.lang()), &typed, None);
    }
    forgotten(view::see_other(&format!("/{}/inbox", t.lang())))
}
