//! Proof of filing: whoever shows it shows that they have the code of a case, or had its proof from who has.
use serde_json::json;

use super::{
    Client, DeskError,
    account::oral,
    circle::proven,
    commands::Options,
    open::{Item, entered},
    safe_text,
};
use crate::{
    domain::{
        day::Day,
        id::{CaseId, ReaderId},
    },
    seal::{Author, Kind, code::Language, proof::Proof},
    text::Texts,
};

/// What a proof that fits says.
pub struct Filing {
    /// The day on which the case was filed, as its first item has it.
    pub filed: Day,
    /// The readers who confirmed it with their own signature, and when.
    pub acknowledged: Vec<(Day, ReaderId)>,
    /// Of an oral report: who has had the code too, and can hold the same proof.
    pub heard: Option<ReaderId>,
}

/// Checks a proof against the first item of a case and its acknowledgements. What it is checked against stands inside the case: one that
/// this reader has not opened is not opened for it, so that trying a proof on a case opens none by accident.
pub async fn check_proof(client: &Client, id: &CaseId, proof: &str) -> Result<Filing, DeskError> {
    let proof = Proof::parse(proof).ok_or_else(|| DeskError::known("desk-error-proof-form"))?;
    if !client.has_opened_by_now(id) {
        return Err(DeskError::known("desk-error-proof-unread"));
    }
    let (_, items) = entered(client, id).await?;
    let (filed, commitment) = committed(&items).ok_or_else(|| DeskError::known("desk-error-proof-none"))?;
    if !proof.fits(commitment, &client.roster.instance, id) {
        return Err(DeskError::known("desk-error-proof"));
    }
    let acknowledged = proven(&items).filter_map(|(_, opened)| {
        let head = &opened.manifest.head;
        let confirms = head.kind == Kind::Acknowledgement && head.proof.as_deref() == Some(commitment);
        let Author::Reader(by) = &head.author else { return None };
        confirms.then(|| (head.day, by.clone()))
    });
    let heard = oral(&items).map(|oral| oral.oral.by.clone());
    Ok(Filing { filed, acknowledged: acknowledged.collect(), heard })
}

/// The day of the first item, and what it binds the case to. Of the first item alone: only that is signed by the reporter.
pub(super) fn committed(items: &[Item]) -> Option<(Day, &str)> {
    proven(items).find_map(|(_, opened)| {
        let head = &opened.manifest.head;
        let first = head.reporter.as_ref().filter(|_| head.author == Author::Reporter)?;
        Some((head.day, first.commitment.as_deref()?))
    })
}

/// What a proof that fits says, in words or as JSON.
pub(super) fn fits((options, client): (&Options, &Client), case: &CaseId, filing: &Filing) -> String {
    if options.json {
        let by = |(day, by): &(Day, ReaderId)| json!({ "day": day, "by": by });
        let acknowledged: Vec<_> = filing.acknowledged.iter().map(by).collect();
        return json!({ "fits": true, "filed": filing.filed, "acknowledged": acknowledged, "heard_by": filing.heard })
            .to_string();
    }
    let t = Texts::of(Language::En);
    let named = |by: &ReaderId| {
        let name = client.roster.known(by).map(|r| t.pick(&r.shown_as).to_owned());
        safe_text(&name.map_or_else(|| by.to_string(), |name| format!("{name} ({by})")))
    };
    let mut text = format!("It fits: who holds this proof filed case {case}, on {}.", filing.filed);
    for (day, by) in &filing.acknowledged {
        text.push_str(&format!("\n{} confirmed it on {day}.", named(by)));
    }
    if filing.acknowledged.is_empty() {
        text.push_str("\nNo acknowledgement confirms the day.");
    }
    if let Some(by) = &filing.heard {
        text.push_str(&format!("\n{}", t.with("desk-proof-heard", &[("name", named(by))])));
    }
    text
}
