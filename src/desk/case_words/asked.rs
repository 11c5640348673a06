//! What is asked of a reader beside what the law asks: an answer to a request for a talk; and of a manager, to leave a case to the officers.
use super::CaseWords;
use crate::{
    api_types::CaseView,
    desk::{
        circle::{done, proven, withdrawn},
        guide::is_manager,
        register::officers,
        write::possible,
    },
    domain::{case::Act, day::Day},
    seal::{Author, Kind},
};

impl CaseWords<'_> {
    /// The day of the last request for a talk, where nobody wrote to the reporter since and the signed-in reader may. A confirmation says
    /// nothing of a talk.
    pub(in crate::desk) fn talk(&self, case: &CaseView) -> Option<Day> {
        if withdrawn(self.items).is_some() {
            return None;
        }
        let asked = proven(self.items).filter(|(_, o)| {
            let head = &o.manifest.head;
            head.kind == Kind::Talk && head.author == Author::Reporter
        });
        let (talk, opened) = asked.last()?;
        let answers = |kind| matches!(kind, Kind::Question | Kind::Reply | Kind::Feedback | Kind::Closing);
        let answered =
            done(self.items).map(|(_, o)| &o.manifest.head).any(|head| answers(head.kind) && head.before.has(&talk));
        let may = || possible(self.client, (case, self.items), Act::Reply).is_ok();
        (!answered && may()).then_some(opened.manifest.head.day)
    }

    /// That a talk was asked for on a day.
    pub(in crate::desk) fn asked_for_talk(&self, day: Day) -> String {
        self.t.with("desk-talk-asked", &[("day", self.t.day(day))])
    }

    /// That a manager leaves what is done in an open case to the officers who read it.
    pub(in crate::desk) fn leave_to(&self, case: &CaseView) -> Option<String> {
        if case.state.is_closed() || !is_manager(self.client) {
            return None;
        }
        let names: Vec<String> = officers(self.client, case, self.items).iter().map(|id| self.named(id)).collect();
        (!names.is_empty()).then(|| self.t.with("desk-guide-acts", &[("names", names.join(", "))]))
    }
}
