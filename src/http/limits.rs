//! How much one circuit, one code or case, and everybody together may do. Counted in memory only, under numbers that say nothing.
use std::{
    future::{Ready, ready},
    hash::{BuildHasher, Hash, RandomState},
    num::NonZeroU32,
    time::Duration,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use governor::{
    DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock, Reference},
};

use crate::config;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// A number for a circuit, a code or a case: a hash under a key drawn at start. There are no more than these, so counting takes no
/// more memory whoever comes; two that share a number, one pair in 65,536, share an allowance.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Key(u16);

/// Who sent a request, as far as anything may know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Visitor {
    /// By the onion service.
    Circuit(Key),
    /// By another listener, with everybody else there.
    Clear,
}

impl FromRequest for Visitor {
    type Error = std::convert::Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // The guard has said so of every request.
        ready(Ok(request.extensions().get::<Self>().copied().unwrap_or(Self::Clear)))
    }
}

/// Try again after so long.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Wait(Duration);

impl Wait {
    /// Seconds, rounded up to five: nobody counts them one by one.
    pub(crate) fn seconds(self) -> u64 {
        (self.0.as_secs() / 5 + 1) * 5
    }
}

/// All limits.
pub struct Limits {
    secret: RandomState,
    /// Code tries.
    pub(crate) tries: Limit,
    /// Texts that are sent: a report, a request for advice, what is added to a case.
    pub(crate) texts: Limit,
    /// MiB of files.
    pub(crate) mebibytes: Limit,
}

impl Limits {
    /// As the settings say.
    pub fn new(settings: &config::Limits) -> Self {
        Self {
            secret: RandomState::new(),
            tries: Limit::new(&settings.tries, MINUTE).with_reserve(&settings.tries, MINUTE),
            texts: Limit::new(&settings.texts, MINUTE).with_reserve(&settings.texts, MINUTE),
            // What fills the disk has none: text takes its place.
            mebibytes: Limit::new(&settings.mebibytes, DAY),
        }
    }

    /// The number of something. The low bits of the hash are as good as any.
    pub(crate) fn key(&self, of: impl Hash) -> Key {
        let [low, high, ..] = self.secret.hash_one(of).to_le_bytes();
        Key(u16::from_le_bytes([low, high]))
    }

    /// Forgets everybody whose allowance is whole again.
    pub(crate) fn forget(&self) {
        let all = [&self.tries, &self.texts, &self.mebibytes];
        let keyed = all.into_iter().flat_map(|limit| [&limit.circuits, &limit.cases].into_iter().chain(&limit.reserve));
        for keyed in keyed {
            keyed.retain_recent();
            keyed.shrink_to_fit();
        }
    }
}

/// One thing that is limited, in its four ways.
pub(crate) struct Limit {
    circuits: DefaultKeyedRateLimiter<Key>,
    cases: DefaultKeyedRateLimiter<Key>,
    clear: DefaultDirectRateLimiter,
    service: DefaultDirectRateLimiter,
    /// What a circuit still has when the others have used up the whole: a handful of circuits close nothing for all. How many new
    /// ones come in a second is Tor's to bound.
    reserve: Option<DefaultKeyedRateLimiter<Key>>,
}

/// A circuit's reserve is one part in so many of its allowance.
const RESERVE: u32 = 5;

impl Limit {
    fn new(settings: &config::Limit, period: Duration) -> Self {
        let quota = |most| quota(most, period);
        Self {
            circuits: RateLimiter::keyed(quota(settings.circuit)),
            cases: RateLimiter::keyed(quota(settings.case)),
            clear: RateLimiter::direct(quota(settings.clear)),
            service: RateLimiter::direct(quota(settings.service)),
            reserve: None,
        }
    }

    fn with_reserve(mut self, settings: &config::Limit, period: Duration) -> Self {
        let part = NonZeroU32::new(settings.circuit.get() / RESERVE).unwrap_or(NonZeroU32::MIN);
        self.reserve = Some(RateLimiter::keyed(quota(part, period)));
        self
    }

    /// Takes one of what is left. Who is refused for their own part has taken nothing of what is everybody's.
    pub(crate) fn take(&self, visitor: Visitor, case: Option<Key>) -> Result<(), Wait> {
        match visitor {
            Visitor::Circuit(circuit) => self.circuits.check_key(&circuit),
            Visitor::Clear => self.clear.check(),
        }
        .map_err(wait)?;
        if let Some(case) = case {
            self.cases.check_key(&case).map_err(wait)?;
        }
        match (self.service.check(), &self.reserve, visitor) {
            (Err(_), Some(reserve), Visitor::Circuit(circuit)) => reserve.check_key(&circuit).map_err(wait),
            (whole, ..) => whole.map_err(wait),
        }
    }
}

fn quota(most: NonZeroU32, period: Duration) -> Quota {
    // Only a period of nothing gives none, and no setting makes one.
    Quota::with_period(period / most.get()).unwrap_or_else(|| Quota::per_second(most)).allow_burst(most)
}

fn wait<P: Reference>(until: NotUntil<P>) -> Wait
where
    DefaultClock: Clock<Instant = P>,
{
    Wait(until.wait_time_from(DefaultClock::default().now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(circuit: u32, service: u32) -> Option<Limits> {
        let limit = config::Limit {
            circuit: NonZeroU32::new(circuit)?,
            case: NonZeroU32::new(circuit * 2)?,
            clear: NonZeroU32::new(circuit * 3)?,
            service: NonZeroU32::new(service)?,
        };
        Some(Limits::new(&config::Limits { tries: limit, texts: limit, files: limit, mebibytes: limit }))
    }

    #[test]
    fn who_is_refused_takes_nothing_from_others() {
        let limits = limits(5, 12).expect("numbers");
        let (flood, other) = (Visitor::Circuit(Key(1)), Visitor::Circuit(Key(2)));
        let taken = (0..1000).filter(|_| limits.tries.take(flood, None).is_ok()).count();
        assert_eq!(taken, 5);
        assert_eq!((0..1000).filter(|_| limits.tries.take(other, None).is_ok()).count(), 5);
        // What is left of the whole is two; who has no circuit has no reserve.
        assert_eq!((0..1000).filter(|_| limits.tries.take(Visitor::Clear, None).is_ok()).count(), 2);
        assert!(limits.texts.take(flood, None).is_ok(), "one thing's limit is not another's");
        let wait = limits.tries.take(flood, None).map_err(Wait::seconds);
        assert_eq!(wait, Err(15), "one comes back in 12 seconds");
    }

    #[test]
    fn when_the_whole_is_used_up_a_new_circuit_still_has_its_reserve() {
        let limits = limits(10, 15).expect("numbers");
        let all = |limit: &Limit, circuit| {
            (0..100).filter(|_| limit.take(Visitor::Circuit(Key(circuit)), None).is_ok()).count()
        };
        for limit in [&limits.tries, &limits.texts] {
            assert_eq!(
                [1, 2, 3, 4].map(|circuit| all(limit, circuit)),
                [10, 7, 2, 2],
                "10, 5 and a reserve of 2, 2, 2"
            );
        }
        assert_eq!([1, 2, 3].map(|circuit| all(&limits.mebibytes, circuit)), [10, 5, 0]);
    }

    #[test]
    fn a_case_has_its_own_allowance_whoever_asks() {
        let limits = limits(5, 1000).expect("numbers");
        let ask = |circuit, case| limits.texts.take(Visitor::Circuit(Key(circuit)), Some(Key(case))).is_ok();
        assert_eq!((0..100).filter(|circuit| ask(*circuit, 1)).count(), 10);
        assert!(ask(200, 2));
    }

    #[test]
    fn keys_are_few_and_are_forgotten() {
        let limits = limits(5, u32::MAX).expect("numbers");
        for circuit in 0..200_000_u32 {
            drop(limits.tries.take(Visitor::Circuit(limits.key(circuit)), None));
        }
        assert!(limits.tries.circuits.len() <= 1 << 16, "{}", limits.tries.circuits.len());
        assert!(limits.tries.circuits.len() > 60_000, "hashed over all of them");
        let fast = Limit::new(&config::Limits::default().tries, Duration::from_millis(1));
        drop(fast.take(Visitor::Circuit(Key(1)), Some(Key(1))));
        std::thread::sleep(Duration::from_millis(20));
        let limits = Limits { tries: fast, ..limits };
        limits.forget();
        assert!(limits.tries.circuits.is_empty() && limits.tries.cases.is_empty());
    }
}
