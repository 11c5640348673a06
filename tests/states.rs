//! The life of a case as the law sees it: whatever readers do in whatever order, its clocks and states stay right.
#![expect(clippy::unwrap_used, reason = "a test")]
use jiff::civil::Date;
use meldkluis::domain::{
    case::{
        ACKNOWLEDGE_DAYS, Act, Addition, CaseState, Done, InvalidAct, Next, Terms, after, dates, held, may_add,
        next as next_of,
    },
    day::Day,
};
use proptest::prelude::*;

const STATES: [CaseState; 4] = [CaseState::Unopened, CaseState::Open, CaseState::Closed, CaseState::Held];

/// A day between 2000 and 2100.
fn day() -> impl Strategy<Value = Day> {
    (0..36_525).prop_map(|n| Day::from_number(n).unwrap())
}

/// Acts, each so many days after the one before.
fn acts() -> impl Strategy<Value = Vec<(Act, i32)>> {
    prop::collection::vec((prop::sample::select(Act::ALL.to_vec()), 0..40), 0..20)
}

/// What a month-end is by the calendar on the wall, worked out apart.
fn three_months_on(day: Day) -> (i16, i8, i8) {
    let (year, month, of_month) = (day.date().year(), day.date().month(), day.date().day());
    let (year, month) = if month > 9 { (year + 1, month - 9) } else { (year, month + 3) };
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (year, month, of_month.min(last))
}

fn parts(date: Date) -> (i16, i8, i8) {
    (date.year(), date.month(), date.day())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn feedback_is_due_three_calendar_months_after_the_acknowledgement_or_after_day_seven(filed in day(), later in 0..60) {
        let week = filed.plus_days(ACKNOWLEDGE_DAYS);
        prop_assert_eq!(parts(dates(filed, None).feedback.date()), three_months_on(week));
        let acknowledged = filed.plus_days(later);
        let due = dates(filed, Some(acknowledged));
        prop_assert_eq!(due.acknowledge, week);
        // Nobody wins time by acknowledging late.
        prop_assert_eq!(parts(due.feedback.date()), three_months_on(acknowledged.min(week)));
    }

    #[test]
    fn the_deadline_of_an_act_is_that_of_the_law_and_never_comes_nearer(filed in day(), acts in acts()) {
        let (mut state, mut due, mut today) = (CaseState::Open, filed.plus_days(ACKNOWLEDGE_DAYS), filed);
        let (mut acknowledged, mut fed_back, mut closed) = (None, false, false);
        for (act, days) in acts {
            today = today.plus_days(days);
            let Ok((next, next_due)) = after(act, (state, Terms::Legal), (filed, due), today) else {
                // Refused are what comes after the end, and a second acknowledgement.
                let twice = act == Act::Acknowledge && (acknowledged.is_some() || fed_back);
                prop_assert!((closed && act != Act::Note) || twice, "{act:?} in {state:?}");
                continue;
            };
            prop_assert!(!closed || act == Act::Note);
            prop_assert!(next_due >= due);
            match act {
                Act::Acknowledge => {
                    prop_assert!(acknowledged.replace(today).is_none());
                    prop_assert_eq!(next_due, dates(filed, Some(today)).feedback);
                }
                Act::Feedback => {
                    fed_back = true;
                    prop_assert_eq!(parts(next_due.date()), three_months_on(today));
                }
                Act::Ask | Act::Reply | Act::Note | Act::Close => prop_assert_eq!(next_due, due),
            }
            closed |= act == Act::Close;
            prop_assert_eq!(next.is_closed(), closed);
            (state, due) = (next, next_due);
            let all = Done { acknowledged: acknowledged.is_some(), fed_back };
            let waits = match all {
                _ if closed => Next::Nothing,
                Done { fed_back: true, .. } => Next::FedBack,
                Done { acknowledged: true, .. } => Next::Feedback,
                Done { .. } => Next::Acknowledge,
            };
            prop_assert_eq!(next_of(state, filed, due, all), waits);
            // Who was let in today saw nothing of it, and is told nothing else: the same day or none, or that it may be done already.
            let newcomer = next_of(state, filed, due, Done::default());
            let unsure = matches!(waits, Next::Feedback | Next::FedBack) && newcomer == Next::FeedbackUnlessGiven;
            prop_assert!(newcomer == waits || unsure, "{newcomer:?} for {waits:?}");
            // After that they see all.
            let later = Done { acknowledged: false, fed_back: act == Act::Feedback };
            prop_assert!(act != Act::Feedback || next_of(state, filed, due, later) == waits);
        }
    }

    #[test]
    fn nothing_is_done_in_a_case_that_nobody_opened_and_none_is_opened_again_after_its_end(
        filed in day(), act in prop::sample::select(Act::ALL.to_vec()), later in 0..400,
    ) {
        let (due, today) = (filed.plus_days(ACKNOWLEDGE_DAYS), filed.plus_days(later));
        prop_assert!(after(act, (CaseState::Unopened, Terms::Legal), (filed, due), today).is_err());
        for ended in [CaseState::Closed, CaseState::Held] {
            let done = after(act, (ended, Terms::Legal), (filed, due), today);
            prop_assert_eq!(done.ok(), (act == Act::Note).then_some((ended, due)));
        }
    }
}

proptest! {
    /// Advice and who somebody is: no clock starts there, and all else goes as in a report.
    #[test]
    fn where_the_law_sets_no_term_nothing_is_confirmed_and_no_day_moves(
        filed in day(), act in prop::sample::select(Act::ALL.to_vec()), state in prop::sample::select(STATES.to_vec()),
        later in 0..400,
    ) {
        let (due, today) = (filed.plus_days(ACKNOWLEDGE_DAYS), filed.plus_days(later));
        let [report, none] = [Terms::Legal, Terms::None].map(|terms| after(act, (state, terms), (filed, due), today));
        if matches!(act, Act::Acknowledge | Act::Feedback) {
            let expected = if state == CaseState::Open { InvalidAct::NoTerm } else { InvalidAct::State };
            prop_assert_eq!(none, Err(expected));
        } else {
            prop_assert_eq!(none, report);
            prop_assert!(none.is_err() || none.is_ok_and(|(_, day)| day == due));
        }
    }
}

#[test]
fn what_belongs_to_a_report_is_added_to_an_open_report_alone() {
    for state in STATES {
        for terms in [Terms::Legal, Terms::None] {
            let may = may_add(Addition::Report, (state, terms));
            let expected = match (state, terms) {
                (CaseState::Open, Terms::Legal) => Ok(()),
                (CaseState::Open, Terms::None) => Err(InvalidAct::NoTerm),
                _ => Err(InvalidAct::State),
            };
            assert_eq!(may, expected, "{state:?} {terms:?}");
            assert_eq!(may_add(Addition::Work, (state, terms)).is_ok(), state == CaseState::Open);
        }
    }
}

#[test]
fn only_a_closed_case_is_kept_from_destruction_and_let_go_again() {
    for state in STATES {
        for hold in [true, false] {
            match held(state, hold) {
                Ok(to) => {
                    assert!(state.is_closed() && to == if hold { CaseState::Held } else { CaseState::Closed });
                }
                Err(_) => assert!(!state.is_closed()),
            }
        }
        assert_eq!(CaseState::from_number(state.number()), Some(state));
    }
    assert_eq!(CaseState::from_number(4), None);
}
