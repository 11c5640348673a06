//! Whether a reporter's withdrawal stands: the one answer for mailbox and desks. Pure.
use super::{day::Day, id::ItemId, order::Before};

/// Something that a reporter sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// Which.
    pub item: ItemId,
    /// Its day.
    pub day: Day,
    /// With it they withdrew.
    pub withdraws: bool,
    /// Whoever sends it wants to hear of it: a message, a file, a talk that is asked for.
    pub seeks_contact: bool,
    /// What stood there before it.
    pub before: &'a Before,
}

/// Where a withdrawal stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Withdrawal {
    /// There is none.
    None,
    /// They withdrew on this day, and want no more contact.
    Stands(Day),
    /// They withdrew on this day, and sent something that seeks contact after it: it does not stand any more.
    Undone(Day),
}

impl Withdrawal {
    /// Of what a reporter sent, the oldest first. The last withdrawal counts.
    pub fn of<'a>(sent: impl IntoIterator<Item = Sent<'a>>) -> Self {
        let sent: Vec<Sent<'a>> = sent.into_iter().collect();
        let Some(last) = sent.iter().rfind(|sent| sent.withdraws) else { return Self::None };
        let undoes = |sent: &Sent<'_>| sent.seeks_contact && sent.before.has(&last.item);
        if sent.iter().any(undoes) { Self::Undone(last.day) } else { Self::Stands(last.day) }
    }

    /// The day of one that stands.
    pub fn stands(self) -> Option<Day> {
        if let Self::Stands(day) = self { Some(day) } else { None }
    }

    /// The day of one that does not stand any more.
    pub fn undone(self) -> Option<Day> {
        if let Self::Undone(day) = self { Some(day) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_seeks_contact_after_the_last_withdrawal_undoes_it() {
        let (day, id) =
            (Day::from_number(9_000).unwrap_or(Day::LAST), |n: u128| ItemId::from_uuid(Uuid::from_u128(n << 96)));
        let (none, one, both) = (Before::default(), Before::of(&[id(1)]), Before::of(&[id(1), id(2), id(3)]));
        let sent = |n, withdraws, before| Sent { item: id(n), day, withdraws, seeks_contact: !withdraws, before };
        let (first, again) = (sent(1, true, &none), sent(3, true, &one));
        assert_eq!(Withdrawal::of([]), Withdrawal::None);
        assert_eq!(Withdrawal::of([sent(2, false, &none), first]), Withdrawal::Stands(day), "written before it");
        assert_eq!(Withdrawal::of([first, sent(2, false, &one)]), Withdrawal::Undone(day));
        assert_eq!(Withdrawal::of([first, sent(2, false, &one), again]), Withdrawal::Stands(day), "withdrawn again");
        assert_eq!(Withdrawal::of([first, again, sent(4, false, &both)]), Withdrawal::Undone(day));
        let said = Sent { seeks_contact: false, ..sent(4, false, &both) };
        assert_eq!(Withdrawal::of([first, said]), Withdrawal::Stands(day), "an answer to a request undoes nothing");
    }
}
