//! Who reads a case, and whom the reporter writes to.
use super::{Opened, letters::letters, parts::parted};
use crate::{
    domain::{
        case::{Case, RESERVE_DAYS},
        day::Day,
        id::{ItemId, KeyedReader},
        roster::{Function, Reader},
    },
    http::{App, absence, rooms::ADVICE},
    seal::Slot,
    store::{ASIDE, SlotRow, StoreError},
};

/// A reader with a slot in a case.
#[derive(Clone, Copy)]
pub(crate) struct CaseReader<'a> {
    /// As the roster has them now.
    pub(crate) reader: &'a Reader,
    /// With a hash of their keys.
    pub(crate) keyed: &'a KeyedReader,
    /// The day from which a reserve reader may read.
    pub(crate) release: Option<Day>,
    /// The day until which they are away.
    pub(crate) away: Option<Day>,
    /// Whether they read no more than what went along with a report from this advice.
    pub(crate) passed: bool,
}

impl CaseReader<'_> {
    /// Whether they are held back, as a reserve reader is at first.
    pub(crate) fn waits(&self, today: Day) -> bool {
        self.release.is_some_and(|day| day > today)
    }
}

/// A reserve reader whose slots were set aside, with a hash of their keys.
pub(crate) type Aside<'a> = Option<(&'a Reader, &'a KeyedReader)>;

/// The readers who have a slot in the case's items now, with the day on which a reserve reader's are released.
pub(crate) async fn readers<'a>(app: &'a App, case: &Case) -> Result<Vec<CaseReader<'a>>, StoreError> {
    Ok(all(app, case).await?.0)
}

/// And the reserve reader whose slots were all set aside: they read nothing until those are held back again.
pub(crate) async fn all<'a>(app: &'a App, case: &Case) -> Result<(Vec<CaseReader<'a>>, Aside<'a>), StoreError> {
    let named = app.roster.readers().zip(&app.keyed);
    let mut absent: Vec<_> = named.map(|(r, keyed)| (app.post.reader_mailbox(keyed, case.filed), r, keyed)).collect();
    let away = absence::away(app).await?;
    let (mut found, mut aside) = (Vec::new(), None);
    for item in app.store.items(&case.id).await? {
        let rows = app.store.slots(&item).await?;
        let row_of = |mailbox| rows.iter().find(|row| row.mailbox == mailbox && app.post.intact(case, &item, row));
        let set_aside = |row: &SlotRow| row.release == Some(ASIDE);
        for there in found.iter_mut().filter(|there: &&mut CaseReader<'_>| there.passed) {
            let row = row_of(app.post.reader_mailbox(there.keyed, case.filed)).filter(|row| !set_aside(row));
            there.passed = row.is_none_or(|row| app.post.is_passed(case, &item, row));
        }
        absent.retain(|(mailbox, reader, keyed)| {
            let Some(row) = row_of(*mailbox) else { return true };
            if set_aside(row) {
                aside = Some((*reader, *keyed));
                return true;
            }
            // Few of the roster are in the case: only of those the hash is made.
            let until = || away.get(&app.post.reader_away(keyed)).copied();
            let passed = app.post.is_passed(case, &item, row);
            found.push(CaseReader { reader, keyed, release: row.release, away: until(), passed });
            false
        });
    }
    // Somebody shared one item with them at least: they are one of the readers.
    let aside = aside.filter(|(_, keyed)| found.iter().all(|r| r.keyed != *keyed));
    Ok((found, aside))
}

/// Whether somebody has opened a case, be it one who cannot read it any more.
pub(crate) async fn was_read(app: &App, case: &Case) -> Result<bool, StoreError> {
    if !case.is_untouched() {
        return Ok(true);
    }
    for item in app.store.items(&case.id).await? {
        if app.store.slots(&item).await?.iter().any(|row| app.post.was_opened(case, &item, row)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a case is a request for advice, whoever was let in since: its first item says so. What was filed before items did is advice
/// while advisers alone read it.
pub(crate) async fn advice(app: &App, case: &Case) -> Result<bool, StoreError> {
    if let Some((_, advice)) = first(app, case).await? {
        return Ok(advice);
    }
    let readers = readers(app, case).await?;
    let adviser = |r: &CaseReader<'_>| {
        r.reader.functions.contains(&Function::Adviser) && !r.reader.functions.contains(&Function::Officer)
    };
    Ok(!readers.is_empty() && readers.iter().all(adviser))
}

/// The first item of a case, its story, and whether that asks for advice; `None` where no item says so.
async fn first(app: &App, case: &Case) -> Result<Option<(ItemId, bool)>, StoreError> {
    for advice in [true, false] {
        let marked = app.store.slots_of_case(&case.id, &app.post.mark(case, advice), case.filed).await?;
        if let Some((item, _)) = marked.iter().find(|(item, row)| app.post.intact(case, item, row)) {
            return Ok(Some((*item, advice)));
        }
    }
    Ok(None)
}

/// Whether what somebody with this mailbox opens counts as opening the case: they have a slot of its story, released by `served`. Whoever was
/// let in for a part opens nothing for those who read the whole. Where no item says that it is the first, everybody counts.
pub(crate) async fn reads_story(
    app: &App,
    case: &Case,
    (mailbox, served): (&[u8; 32], Day),
) -> Result<bool, StoreError> {
    match first(app, case).await? {
        Some((story, _)) => has_slot(app, (case, &story), mailbox, served).await,
        None => Ok(true),
    }
}

/// Whether a mailbox has a slot of an item that we wrote, released by `by`. What it holds nobody but whose it is can see.
pub(crate) async fn has_slot(
    app: &App,
    (case, item): (&Case, &ItemId),
    mailbox: &[u8; 32],
    by: Day,
) -> Result<bool, StoreError> {
    let slot = app.store.slot(item, mailbox, by).await?;
    Ok(slot.is_some_and(|slot| app.post.intact(case, item, &slot)))
}

/// Those of some readers who have a slot of a case's story, released by `by`; all of them where no item says that it is the first.
pub(crate) async fn whole<'a>(
    app: &App,
    case: &Case,
    (readers, by): (&[CaseReader<'a>], Day),
) -> Result<Vec<&'a KeyedReader>, StoreError> {
    let Some((story, _)) = first(app, case).await? else { return Ok(readers.iter().map(|r| r.keyed).collect()) };
    let mut whole = Vec::new();
    for r in readers {
        if has_slot(app, (case, &story), &app.post.reader_mailbox(r.keyed, case.filed), by).await? {
            whole.push(r.keyed);
        }
    }
    Ok(whole)
}

/// Whom the reporter writes to: the readers of the case, without those who only got what went along with a report. The talk with an
/// adviser stays between the two.
pub(crate) async fn written_to<'a>(app: &'a App, opened: &Opened) -> Result<Vec<CaseReader<'a>>, StoreError> {
    Ok(sealed_to(app, opened).await?.0)
}

/// And the reserve reader whose slots were set aside: what is written meanwhile is sealed to them too, set aside with the rest.
pub(crate) async fn sealed_to<'a>(
    app: &'a App,
    opened: &Opened,
) -> Result<(Vec<CaseReader<'a>>, Aside<'a>), StoreError> {
    let (mut readers, aside) = all(app, &opened.case).await?;
    if opened.room == ADVICE {
        let parts = parted(letters(app, opened).await?);
        readers.retain(|r| !parts.only_passed(r.keyed));
    }
    Ok((readers, aside))
}

/// Whether somebody reads no more of a case than what went along with a report from it: they read, leave, and take out others who do.
pub(crate) fn only_passed(readers: &[CaseReader<'_>], who: &KeyedReader) -> bool {
    readers.iter().any(|r| r.keyed == who && r.passed)
}

/// An item's slots as rows, and the reserve reader's among them as it is when set aside. What is added later is held back as long as what was
/// there.
pub(crate) fn rows(
    app: &App,
    case: &Case,
    item: &ItemId,
    slots: Vec<Slot>,
    (readers, aside): (&[CaseReader<'_>], Aside<'_>),
) -> (Vec<SlotRow>, Option<SlotRow>) {
    let held = aside.map(|(_, keyed)| (keyed, case.filed.plus_days(RESERVE_DAYS)));
    let rows = app.post.rows(case, item, slots, reserve(readers).or(held));
    let aside = rows.iter().find(|row| row.release.is_some());
    let aside = aside.map(|row| app.post.released(case, item, row.clone(), ASIDE));
    (rows, aside)
}

/// The reserve reader among them, with the day by which their slots are released.
pub(crate) fn reserve<'a>(readers: &[CaseReader<'a>]) -> Option<(&'a KeyedReader, Day)> {
    readers.iter().find_map(|r| Some((r.keyed, r.release?)))
}
