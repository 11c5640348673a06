//! A case in words, in one language: its page and `read` show the same.
mod asked;
mod entry;
mod told;

use std::cell::OnceCell;

pub(super) use self::{
    entry::{Entry, is_link, size, story_texts, why_duty, why_out},
    told::{Told, words},
};
use super::{
    Client, Item,
    circle::{Circle, Unproven, cards, namesakes, origin, story, withdrawal, withdrawn},
    consent::begun,
    consents,
    duty::{Duty, duties},
    leave::{Taking, removable, takings},
    open::advice,
    pass_on,
    write::may_send,
};
use crate::{
    api_types::CaseView,
    domain::{
        case::CaseState,
        ends::ends,
        guest::GuestCard,
        id::{KeyedReader, ReaderId},
        protocol::{Step, Worked},
        routing::independent,
    },
    seal::{Kind, consent::Standing},
    text::Texts,
};

/// A case that was opened, to be put into words.
pub(super) struct CaseWords<'a> {
    client: &'a Client,
    t: Texts,
    items: &'a [Item],
    circle: OnceCell<Option<Circle>>,
}

/// Somebody who reads.
pub(super) struct Who {
    /// Which.
    pub(super) reader: KeyedReader,
    /// Their name, with what is particular about them.
    pub(super) text: String,
    /// The same and since when, where something proves that.
    pub(super) line: String,
}

impl<'a> CaseWords<'a> {
    /// From what was opened of a case.
    pub(super) fn of(client: &'a Client, t: Texts, items: &'a [Item]) -> Self {
        Self { client, t, items, circle: OnceCell::new() }
    }

    /// Who may read, worked out once; nothing where no reporter is known.
    fn circle(&self) -> Option<&Circle> {
        self.circle.get_or_init(|| Circle::of(self.client, self.items).ok()).as_ref()
    }

    /// A reader of the roster, or a guest of the case.
    pub(super) fn person(&self, id: &ReaderId) -> String {
        let known = self.client.roster.known(id).map(|r| self.t.pick(&r.shown_as).to_owned());
        let guest = || self.card(id).map(|card| guest_name(self.t, &card));
        known.or_else(guest).unwrap_or_else(|| id.to_string())
    }

    /// A reader, as the roster shows them.
    pub(super) fn named(&self, id: &ReaderId) -> String {
        let known = self.client.roster.known(id);
        known.map_or_else(|| id.to_string(), |r| self.t.pick(&r.shown_as).to_owned())
    }

    /// The card of a guest of the case. Who was only asked for has a name too.
    fn card(&self, id: &ReaderId) -> Option<GuestCard> {
        let asked = || consents(self.items).into_iter().filter_map(|consent| consent.card);
        cards(self.client, self.items).into_iter().chain(asked()).find(|card| card.guest.id == *id)
    }

    /// Everybody who reads the case, the guests last.
    pub(super) fn who(&self, view: &CaseView) -> Vec<Who> {
        let (circle, t) = (self.circle(), self.t);
        let one = |reader: &KeyedReader| {
            let name = self.person(&reader.reader);
            let passed = circle.is_some_and(|circle| circle.only_passed(reader));
            let unproven = circle.and_then(|circle| circle.unproven(self.client, reader));
            let name = match unproven {
                _ if passed => t.with("desk-readers-passed", &[("name", name)]),
                Some(Unproven::Passed) => t.with("desk-readers-passed-said", &[("name", name)]),
                Some(Unproven::Reads) => t.with("desk-readers-advises", &[("name", name)]),
                Some(Unproven::Unseen) => t.with("desk-readers-unseen", &[("name", name)]),
                None if view.parts.contains(reader) => t.with("desk-readers-part", &[("name", name)]),
                None => name,
            };
            let away = view.away.contains(reader);
            let text = if away { t.with("desk-readers-away", &[("name", name)]) } else { name };
            Who { reader: reader.clone(), line: self.since(view, reader, &text), text }
        };
        let guest = |card: &GuestCard| {
            let (reader, text) = (card.keyed(), guest_name(t, card));
            Who { line: self.since(view, &reader, &text), reader, text }
        };
        let guests = circle.into_iter().flat_map(|circle| &circle.guests).map(guest);
        let guests: Vec<Who> = guests.filter(|who| !view.readers.contains(&who.reader)).collect();
        // Who is none of the circle gets nothing, whatever the server says.
        let aside = view.aside.iter().filter(|aside| circle.is_some_and(|circle| circle.readers.contains(aside)));
        let aside = aside.map(|reader| {
            let text = t.with("desk-readers-aside", &[("name", self.person(&reader.reader))]);
            Who { reader: reader.clone(), line: text.clone(), text }
        });
        view.readers.iter().map(one).chain(guests).chain(aside).collect()
    }

    /// A name and since when they read. A reserve reader had a slot from the start and reads since some later day, which nothing proves.
    fn since(&self, view: &CaseView, reader: &KeyedReader, name: &str) -> String {
        let file = self.client.roster.organisation(&view.org).and_then(|o| o.file.as_ref());
        let reserve = || file.is_some_and(|f| f.desks.iter().any(|d| d.reserve.as_ref() == Some(&reader.reader)));
        let Some(circle) = self.circle() else { return name.to_owned() };
        let Some(day) = circle.since(reader, view.filed) else { return name.to_owned() };
        let name = ("name", name.to_owned());
        if !circle.was_let_in(reader) && reserve() {
            return self.t.with("desk-readers-reserve", &[name]);
        }
        self.t.with("desk-readers-since", &[name, ("day", self.t.day(day))])
    }

    /// Readers whom the server names and the circle does not know: see [`Circle::strangers`].
    pub(super) fn strangers<'b>(&self, view: &'b CaseView) -> Vec<&'b KeyedReader> {
        self.circle().map_or_else(|| view.readers.iter().collect(), |circle| circle.strangers(self.client, view))
    }

    /// The cards of the guests who read along today.
    pub(super) fn guests(&self) -> &[GuestCard] {
        self.circle().map(|circle| circle.guests.as_slice()).unwrap_or_default()
    }

    /// Whether this reader got a part of an open case and not what it began with, while others are there to deal with the whole.
    pub(super) fn part(&self, view: &CaseView) -> bool {
        let me = self.client.me.keyed();
        let mut others = view.readers.iter().filter(|r| **r != me).filter_map(|r| self.client.roster.keyed(r));
        let open = !view.state.is_closed() && self.client.me.card.is_none() && !self.passed();
        open && !begun(self.items, |_| true) && others.any(independent)
    }

    /// Guests who read no more because somebody of the roster has such a name since, and what to do.
    pub(super) fn ended_guests(&self) -> Vec<String> {
        let said = |card: &GuestCard| self.t.with("desk-guest-ended", &[("name", guest_name(self.t, card))]);
        namesakes(self.client, self.items).iter().map(said).collect()
    }

    /// Whether the signed-in reader only reads what the reporter let go along.
    pub(super) fn passed(&self) -> bool {
        self.circle().is_some_and(|circle| circle.only_passed(&self.client.me.keyed()))
    }

    /// Of a step that is not done: whom it waits for, where that is not one reader of them all.
    pub(super) fn step_waits(&self, step: &Step, worked: &Worked<'_>) -> Option<String> {
        let by_act = step.act.filter(|_| !worked.done(step));
        if let Some(act) = by_act {
            return Some(self.t.get(&format!("protocol-act-{}", act.name())));
        }
        match (worked.done(step), step.two, step.each) {
            (true, ..) | (_, false, false) => None,
            (_, true, _) => Some(self.t.get("protocol-two")),
            (_, _, true) => {
                let names: Vec<String> = worked.waits_for(step).map(|officer| self.named(officer)).collect();
                Some(self.t.with("protocol-each", &[("names", names.join(", "))]))
            }
        }
    }

    /// Who can be taken out when the signed-in reader asks.
    pub(super) fn removable(&self, case: &CaseView) -> Vec<KeyedReader> {
        self.circle().map(|circle| removable(self.client, circle, case)).unwrap_or_default()
    }

    /// Whether something waits for the signed-in reader to pass it on, in a case of this state.
    pub(super) fn to_pass_on(&self, state: CaseState) -> bool {
        if may_send(Kind::PassOn, state).is_err() {
            return false;
        }
        let mine = self.circle().filter(|circle| circle.readers.contains(&self.client.me.keyed()));
        mine.is_some_and(|circle| pass_on::can_be(self.client, circle, self.items))
    }

    /// The requests to which the reporter agreed and which the signed-in reader can carry out now.
    pub(super) fn to_hand_over<'b>(&'b self, case: &'b CaseView) -> impl Iterator<Item = super::Consent> + 'b {
        let me = &self.client.me;
        let mine = self.circle().filter(|circle| me.card.is_none() && circle.readers.contains(&me.keyed()));
        let open = mine.filter(|_| may_send(Kind::HandOver, case.state).is_ok());
        let all = open.into_iter().flat_map(|circle| consents(self.items).into_iter().map(move |one| (circle, one)));
        all.filter(|(circle, one)| one.can_be_done(self.client, circle, case)).map(|(_, one)| one)
    }

    /// Who was asked to be taken out.
    pub(super) fn takings(&self, case: &CaseView) -> Vec<Taking> {
        self.circle().map(|circle| takings(self.client, circle, (case, self.items))).unwrap_or_default()
    }

    /// The legal duties.
    pub(super) fn duties(&self) -> Vec<Duty> {
        self.circle().map(|circle| duties(self.client, circle, self.items)).unwrap_or_default()
    }

    /// Where a legal duty stands, and from when it may be carried out.
    pub(super) fn duty(&self, duty: &Duty, state: CaseState) -> String {
        let (t, over) = (self.t, !duty.done && state.is_closed());
        let id = match (duty.done, duty.approval.is_some()) {
            (true, _) => "desk-duty-done",
            _ if over => "desk-duty-over",
            (_, true) => "desk-duty-approved",
            _ => "desk-duty-asked",
        };
        let stands = t.with(id, &[("name", self.person(&duty.to.reader)), ("day", t.day(duty.day))]);
        match duty.not_before.filter(|_| !duty.done && !over) {
            Some(day) => format!("{stands} {}", t.with("desk-duty-from", &[("day", t.day(day))])),
            None => stands,
        }
    }

    /// What the reporter wrote since they were told of a legal duty, each with its day.
    pub(super) fn answers(&self, duty: &Duty) -> Vec<String> {
        let said = self.items.iter().filter(|item| duty.answers.contains(&item.id)).map(|item| self.entry(item));
        said.map(|entry| entry.texts.into_iter().fold(entry.heading, |all, (_, text)| all + "\n" + &text)).collect()
    }

    /// What the reporter was asked and what came of it; with the item of what they agreed to. A no is over once they were asked for the same
    /// person again.
    pub(super) fn consents(&self, case: &CaseView) -> Vec<(String, Option<String>)> {
        let closed = case.state.is_closed();
        let one = |consent: super::Consent| {
            let claimed = self.circle().is_some_and(|circle| consent.is_claimed(self.client, circle, case));
            let (id, agreed) = match consent.standing {
                Standing::Done if claimed && closed => ("desk-consent-yes-over", false),
                Standing::Done if claimed => ("desk-consent-yes", true),
                Standing::Asked if closed => ("desk-consent-asked-over", false),
                Standing::Asked => ("desk-consent-asked", false),
                Standing::No => ("desk-consent-no", false),
                Standing::Yes(_) if closed => ("desk-consent-yes-over", false),
                Standing::Yes(_) => ("desk-consent-yes", true),
                Standing::Done => ("desk-consent-done", false),
            };
            let values = [("name", self.person(&consent.to.reader)), ("day", self.t.day(consent.day))];
            (self.t.with(id, &values), agreed.then(|| consent.request.to_string()))
        };
        let all = consents(self.items);
        let again = |n: usize, to: &KeyedReader| all.iter().skip(n + 1).any(|later| later.to.reader == to.reader);
        let over = all.iter().enumerate().map(|(n, asked)| asked.standing == Standing::No && again(n, &asked.to));
        let over: Vec<bool> = over.collect();
        all.into_iter().zip(over).filter(|(_, over)| !over).map(|(asked, _)| one(asked)).collect()
    }

    /// That the reporter withdrew, and what that means.
    pub(super) fn withdrawn(&self) -> Vec<String> {
        let Some(day) = withdrawn(self.items) else { return Vec::new() };
        // The law sets advice no term: nothing of it falls away.
        let (said, means) = if advice(self.items) {
            ("desk-withdrawn-advice", "desk-withdrawn-advice-means")
        } else {
            ("desk-withdrawn", "desk-withdrawn-means")
        };
        vec![self.t.with(said, &[("day", self.t.day(day))]), self.t.get(means)]
    }

    /// That the reporter withdrew, and that this does not stand any more.
    pub(super) fn came_back(&self) -> Option<String> {
        let day = withdrawal(self.items).undone()?;
        Some(self.t.with("desk-withdrawn-undone", &[("day", self.t.day(day))]))
    }

    /// When the case is destroyed.
    pub(super) fn ends(&self, case: &CaseView) -> Option<String> {
        ends(&self.client.roster, &case.org, case.state, case.destroy_after).map(|ends| self.t.ends(ends))
    }

    /// What the report is about; nothing where there is no story.
    pub(super) fn topic(&self) -> Option<String> {
        story(self.items).map(|story| self.t.get(story.topic.text_id()))
    }

    /// The language in which the reporter filed it; nothing where that was not said yet.
    pub(super) fn language(&self) -> Option<String> {
        let language = origin(self.items)?.lang?;
        Some(self.t.get(&format!("oral-language-{}", language.as_str())))
    }

    /// Whom the reporter excluded.
    pub(super) fn struck(&self) -> Vec<String> {
        let struck = story(self.items).map(|story| story.struck.iter().map(|id| self.person(id)).collect());
        struck.unwrap_or_default()
    }

    /// The items, without what stands on top of the page: what the case belongs with.
    pub(super) fn entries(&self) -> Vec<Entry> {
        self.items.iter().filter(|item| !is_link(item)).map(|item| self.entry(item)).collect()
    }
}

/// A guest as everybody sees them.
pub(super) fn guest_name(t: Texts, card: &GuestCard) -> String {
    t.with("guest-name", &[("name", t.pick(&card.guest.shown_as).to_owned()), ("day", t.day(card.until))])
}
