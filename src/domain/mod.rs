//! The pure middle: no async, I/O, clock or randomness.
mod canary;
pub mod case;
pub mod classification;
pub mod day;
pub mod ground;
pub mod guest;
pub mod id;
pub mod log;
pub mod notice;
pub mod oral;
pub mod order;
pub mod protocol;
pub mod register;
pub mod roster;
pub mod roster_check;
pub mod roster_words;
pub mod routing;
pub mod said;
