//! What was being written when its reader locked the desk: kept in memory alone, sealed to that reader, and given back on its page.
use super::{Desk, Fields, language, lock::take};
use crate::{desk::Identity, seal::Plaintext, text::Texts};

/// The button that locks: its value is where its form would have been sent.
const LOCK: &str = "lock";
/// Fields in which somebody writes; of others a short word may be one that was picked.
const WRITTEN: [&str; 2] = ["text", "story"];

/// What was typed on a page, and not sent.
pub(super) struct Draft {
    /// Its path, without the language.
    page: String,
    sealed: Vec<u8>,
    /// It was given back: whoever asks for another page then is done with it.
    shown: bool,
}

impl Draft {
    /// What came with the button; nothing where nothing was written.
    fn of(me: &Identity, mut sent: Fields) -> Option<Self> {
        let page = page_of(&mut sent)?;
        let typed: Vec<_> = sent.iter().map(|(name, text)| (&**name, String::from_utf8_lossy(text.reveal()))).collect();
        let sealed = me.seal.seal_own(Plaintext::of_json(&typed).reveal()).ok()?;
        Some(Self { page, sealed, shown: false })
    }

    fn open(&self, me: &Identity) -> Option<Fields> {
        serde_json::from_slice(&me.seal.open_own(&self.sealed).ok()?).ok()
    }
}

/// The page of what came with the button; none where nothing was written on it.
pub(super) fn page_of(sent: &mut Fields) -> Option<String> {
    let page = take(sent, LOCK)?;
    let written = |(name, text): &(String, Plaintext)| {
        !text.is_blank() && (WRITTEN.contains(&&**name) || text.choice().is_none())
    };
    let page = std::str::from_utf8(page.reveal()).ok().map(without_language).filter(|page| !page.is_empty())?;
    sent.iter().any(written).then(|| page.to_owned())
}

fn without_language(path: &str) -> &str {
    path.strip_prefix('/').and_then(|path| path.split_once('/')).map_or("", |(_, page)| page)
}

impl Desk {
    /// Keeps what came with the button, in place of what was kept before; and what was given back waits again, as its reader may not have
    /// seen it.
    pub(super) fn keep_draft(&self, me: &Identity, sent: Fields) {
        let Ok(mut draft) = self.draft.lock() else { return };
        if sent.iter().any(|(name, _)| name == LOCK) {
            *draft = Draft::of(me, sent);
        }
        if let Some(draft) = draft.as_mut() {
            draft.shown = false;
        }
    }

    /// The page on which something waits to be given back.
    pub(super) fn draft_page(&self, t: Texts) -> Option<String> {
        let draft = self.draft.lock().ok()?;
        draft.as_ref().filter(|draft| !draft.shown).map(|draft| format!("/{}/{}", t.lang(), draft.page))
    }

    /// Gives back on its page what was kept, to be shown and not sent.
    pub(super) fn give_draft_back(&self, me: &Identity, path: &str, sent: &mut Fields) {
        let Ok(mut kept) = self.draft.lock() else { return };
        let Some(draft) = kept.as_mut() else { return };
        let here = draft.page == without_language(path);
        if !here && !draft.shown {
            return;
        }
        match draft.open(me).filter(|_| here && sent.is_empty()) {
            Some(typed) => {
                sent.extend(typed);
                language::show_only(sent);
                draft.shown = true;
            }
            None => *kept = None,
        }
    }
}
