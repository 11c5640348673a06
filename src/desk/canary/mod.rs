//! The canary: a synthetic report goes all the way by the front door, to see that reports can be filed and opened.
//!
//! It walks the real pages as a browser without script, counts towards the limits as any visitor does, and files with the one
//! organisation whose reports no person reads ([`Scope::Canary`]). It ends with withdrawing what it filed, which destroys it.
mod page;
mod visitor;
mod walk;

use std::{fmt::Write, future::Future, time::Instant};

use serde::Serialize;

use super::{Client, DeskError, Identity, commands::Options};
use crate::{
    domain::{
        case::Act,
        id::OrgId,
        roster::{Roster, Scope},
    },
    seal::Plaintext,
};

use self::{
    visitor::{Visitor, wrong},
    walk::Filed,
};

/// How a walk went.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// What was done, in order.
    steps: Vec<Step>,
    /// What did not succeed; nothing after it was tried.
    failed: Option<Failed>,
    /// Whether a report was filed and is still there: the run of another day closes it.
    left_behind: bool,
}

#[derive(Debug, Serialize)]
struct Step {
    step: &'static str,
    ms: u128,
}

#[derive(Debug, Serialize)]
struct Failed {
    step: &'static str,
    error: String,
}

impl Report {
    /// Whether every step succeeded.
    pub fn is_ok(&self) -> bool {
        self.failed.is_none()
    }

    /// To be printed: a line for each step, or one JSON document.
    pub fn text(&self, json: bool) -> String {
        if json {
            return serde_json::to_string(self).unwrap_or_default();
        }
        let mut text = String::new();
        for Step { step, ms } in &self.steps {
            // Writing into a string does not fail.
            let _ = writeln!(text, "{step:<12} {ms:>7} ms");
        }
        let total: u128 = self.steps.iter().map(|step| step.ms).sum();
        match &self.failed {
            None => text.push_str(&format!("{:<12} {total:>7} ms", "all")),
            Some(Failed { step, error }) => text.push_str(&format!("{step:<12}  FAILED: {}", super::safe_text(error))),
        }
        if self.left_behind {
            text.push_str("\nThe synthetic report could not be withdrawn; a run of another day closes it.");
        }
        text
    }

    /// Does a step and keeps how long it took.
    async fn timed<T>(
        &mut self,
        step: &'static str,
        act: impl Future<Output = Result<T, DeskError>>,
    ) -> Result<T, DeskError> {
        let start = Instant::now();
        let done = act.await;
        match &done {
            Ok(_) => self.steps.push(Step { step, ms: start.elapsed().as_millis() }),
            Err(error) => self.failed = Some(Failed { step, error: error.to_string() }),
        }
        done
    }
}

/// Walks once.
pub(super) async fn canary(options: &Options, me: impl FnOnce() -> Result<Identity, DeskError>) -> Report {
    let (mut report, mut filed) = (Report::default(), None);
    // Which step failed stands in the report.
    let whole = walk(options, me, &mut report, &mut filed).await.is_ok();
    if let Some((visitor, filed)) = filed.filter(|_| !whole) {
        report.left_behind = filed.clear(&visitor).await.is_err();
    }
    report
}

async fn walk(
    options: &Options,
    me: impl FnOnce() -> Result<Identity, DeskError>,
    report: &mut Report,
    kept: &mut Option<(Visitor, Filed)>,
) -> Result<(), DeskError> {
    let me = report.timed("keys", async { me() }).await?;
    let (client, org) = report.timed("sign-in", sign_in(options, me)).await?;
    let visitor = Visitor::new(&options.place())?;
    let form = report.timed("form", walk::form(&visitor, &client, &org)).await?;
    // From here on something may be there, whatever is answered.
    let (visitor, filed) = kept.insert((visitor, form.filed()));
    report.timed("send", form.send(visitor)).await?;
    report.timed("open", filed.open(&client)).await?;
    report.timed("add-file", filed.add_file(visitor)).await?;
    report.timed("open-file", filed.open_file(&client)).await?;
    report.timed("answer", filed.answer(&client)).await?;
    report.timed("read-answer", filed.read_answer(visitor)).await?;
    report.timed("withdraw", filed.withdraw(visitor)).await?;
    report.timed("gone", filed.gone(visitor, &client)).await
}

/// Signs in as the canary's reader. Nothing is ever filed with another organisation.
async fn sign_in(options: &Options, me: Identity) -> Result<(Client, OrgId), DeskError> {
    let client = Client::sign_in(&options.place(), me).await?;
    let org = mine(&client.roster, &client.me)
        .ok_or_else(|| wrong("these keys are not the roster's for the one reader of a canary organisation"))?;
    close_left(&client).await?;
    Ok((client, org))
}

fn mine(roster: &Roster, me: &Identity) -> Option<OrgId> {
    let keyed = me.keyed();
    let canaries = roster.organisations.iter().filter(|o| o.entry.scope == Scope::Canary);
    let mut mine = canaries.filter(|o| o.reader(&me.reader).is_some_and(|r| r.keyed() == keyed));
    mine.next().map(|o| o.entry.id.clone())
}

/// Ends what a run of an earlier day left, so that it is destroyed when its retention is over.
async fn close_left(client: &Client) -> Result<(), DeskError> {
    let all = client.inbox().await?.into_iter();
    for case in all.filter(|case| case.filed < client.today() && !case.state.is_closed()) {
        let text = Plaintext::from("A synthetic report that was left behind.".to_owned());
        // Another run may have closed it meanwhile; what does not open is for somebody to look at, and keeps no run from its own.
        drop(super::write(client, &case.case, Act::Close, text, Vec::new()).await);
    }
    Ok(())
}
